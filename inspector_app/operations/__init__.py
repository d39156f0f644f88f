"""`operations` on the command line: what a capture tells of the operations that went by."""
