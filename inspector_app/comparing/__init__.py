"""How two messages differ, found out in a process of its own that is ended when it takes too long."""
