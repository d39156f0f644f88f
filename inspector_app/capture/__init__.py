"""Captures: records, the file they are kept in, and ways in and out of it."""
