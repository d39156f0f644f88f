"""The forms in which captures leave and come back; which there are is told by `known`."""
