"""mitmproxy, and the traffic that is recorded with it."""
