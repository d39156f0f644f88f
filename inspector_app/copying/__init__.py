"""A message as a program or a command that sends it: what `copy as` puts on the clipboard."""
