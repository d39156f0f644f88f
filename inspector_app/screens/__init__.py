"""Screens: they compose widgets and turn commands into intents."""
