"""What the engine can tell a viewer over the control channel. Owns nothing but the one operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipstream import ProtocolHandler, fire_and_forget

if TYPE_CHECKING:
    from collections.abc import Callable


class ViewerHandler(ProtocolHandler):
    """Passes on what the engine says."""

    def __init__(self, on_problem: Callable[[str, str], None]) -> None:
        self._on_problem = on_problem

    @fire_and_forget
    async def problem(self, data: dict[str, Any]) -> None:
        """Hear about a problem of the recording (`level` problem), or that it is over (`level` info)."""
        self._on_problem(str(data.get("level", "problem")), str(data.get("text", "")))
