"""Where records come from: a client, a mock server, the demo, an exported file."""
