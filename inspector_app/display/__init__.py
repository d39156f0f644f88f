"""The only place where text from the wire becomes something that is drawn."""
