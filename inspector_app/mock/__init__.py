"""Handlers to host: loaded from a file, or the demo's own."""
