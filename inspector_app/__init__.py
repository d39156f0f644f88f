"""slipstream-inspector: see, explore and mock Slipstream traffic in a terminal."""
