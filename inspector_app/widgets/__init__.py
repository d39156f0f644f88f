"""Widgets: each draws one slice of the view state."""
