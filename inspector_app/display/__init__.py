"""From text of any origin to what a terminal can be given: inert text, formats, themes."""
