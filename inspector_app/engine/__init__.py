"""The process that runs a source and writes its capture, and the channel to it."""
