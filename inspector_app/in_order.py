"""Ending in good order, for what has no event loop: a signal that ends the program is an exception.

This module owns the handlers of these signals for the while of one piece of work, so that it takes away what
it has only half written.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Leave nothing half written either when the program is told to end, or its terminal goes away."""

    def end(number: int, _: object) -> NoReturn:
        raise SystemExit(128 + number)

    taken = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
