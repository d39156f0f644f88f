"""slipstream: a small RPC protocol over one WebSocket, both ends may call."""

from slipstream._version import __version__
from slipstream.backoff import Backoff
from slipstream.base import *  # noqa: F403 - the names of base are this package's names
from slipstream.base import __all__ as _base_names
from slipstream.client import connect
from slipstream.errors import (
    ExchangeCancelledError,
    FrameTooLargeError,
    OverloadedError,
    StreamClosedError,
)
from slipstream.exchanges import Exchange, ExchangeKind, Finding, Outcome
from slipstream.lifecycle import StreamState
from slipstream.limits import Limits
from slipstream.reserved import describe
from slipstream.responder import current_protocol
from slipstream.server import Refused, Server, serve
from slipstream.spelling import Spelling
from slipstream.stats import Stats
from slipstream.streams import ItemStream
from slipstream.taps import FrameTap, Tap, Transition

__all__ = [  # noqa: PLE0604 - base.__all__ holds strings only
    *_base_names,
    "Backoff",
    "Exchange",
    "ExchangeCancelledError",
    "ExchangeKind",
    "Finding",
    "FrameTap",
    "FrameTooLargeError",
    "ItemStream",
    "Limits",
    "Outcome",
    "OverloadedError",
    "Refused",
    "Server",
    "Spelling",
    "Stats",
    "StreamClosedError",
    "StreamState",
    "Tap",
    "Transition",
    "__version__",
    "connect",
    "current_protocol",
    "describe",
    "serve",
]
