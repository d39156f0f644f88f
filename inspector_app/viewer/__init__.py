"""The view state: what is queried, selected, followed. Plain Python."""
