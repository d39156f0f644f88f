"""`call` and `describe`: one connection, one exchange, printed. No capture, no screen."""
