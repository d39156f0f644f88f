"""Conformance: the cases, the player that drives a peer through one, the verdicts, and how they are told.

Nothing here uses the library `slipstream`: a peer is judged by bare WebSocket messages, and the library is
one peer among others.
"""
