"""slipstream: a small RPC protocol over one WebSocket, both ends may call."""

from slipstream._version import __version__

__all__ = ["__version__"]
