"""Toasts that repeat: what is told again while it is on the screen is shown once, with a count.

Owns what counts as told again. A toast covers rows of the list; the notes of the connection keep every one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.notifications import Notification

_NUMBER = re.compile(r"\d+")


@dataclass(slots=True)
class _Toast:
    notification: Notification
    times: int = 1


class Toasts:
    """The toasts on the screen, by what they say."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], _Toast] = {}

    def repeats(self, notification: Notification) -> bool:
        """Tell whether a toast says this already; it then says the newest of them, and how often it came.

        Of warnings and errors those are the same that differ in their numbers only.
        """
        text, severity = notification.message, notification.severity
        key = severity, text if severity == "information" else _NUMBER.sub("0", text)
        toast = self._shown.get(key)
        if toast is None or toast.notification.has_expired:
            self._shown = {
                key: each for key, each in self._shown.items() if not each.notification.has_expired
            }
            self._shown[key] = _Toast(notification)
            return False
        toast.times += 1
        toast.notification.message = f"{text} ({toast.times} times)"
        return True
