"""Conformance: the cases, the player that drives a peer through one over bare WebSocket messages, the verdicts.

Nothing here uses the library `slipstream`: a peer is judged by what is on the wire, and the library is one peer.
"""
