"""The view state: what is looked at, followed, paused and chosen. Plain Python, stepped by tests."""
