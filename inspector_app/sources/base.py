"""What every source is: something that turns a world into records and carries out intents.

Owns the interface and the making of a source from its description. A source knows nothing of captures,
screens or processes: it calls `emit` for each record, on the event loop, and never waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from inspector_app.capture.records import Record
from inspector_app.intents import ClientSpec, DemoSpec, Done, Intent, ServerSpec, SourceSpec
from inspector_app.mock.load import HandlerFileError, load
from inspector_app.mock.reload import BuiltIn, Hosted
from inspector_app.sources.failures import BAD_USAGE, SourceError
from slipstream import Limits

Emit = Callable[[Record], None]
"""Takes one record; never waits, never fails."""

_FRAME_BYTES = 16 * 1024 * 1024


def inspector_limits(bad_frames: int | None = None) -> Limits:
    """Give the limits of the inspected side: large frames, and bad ones without end unless told otherwise.

    Showing what a peer does wrong is the purpose; a connection that is closed for it shows no more.
    """
    return Limits(frame_bytes=_FRAME_BYTES, bad_frames=bad_frames)


_HOSTED_BYTES = 2 * 1024 * 1024 * 1024
"""What all peers of a hosted handler may have wait in memory together."""


def hosting_limits(bad_frames: int | None, max_peers: int) -> Limits:
    """Give the limits of each peer of a hosted handler: its share of the memory, and one frame at least."""
    own = inspector_limits(bad_frames)
    share = max(2 * _FRAME_BYTES, _HOSTED_BYTES // max_peers)
    return replace(
        own,
        stream_buffer_bytes=min(own.stream_buffer_bytes, share // 2),
        connection_buffer_bytes=min(own.connection_buffer_bytes, share // 2),
        outbox_bytes=min(own.outbox_bytes, share // 2),
    )


HIDDEN = "(hidden)"
"""Stands in a capture for the value of a header that proves who somebody is."""

SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"}
)
"""Headers, in lower case, whose values stay out of captures."""


class Source(Protocol):
    """A world under inspection. Made by `make_source`, started once, stopped once."""

    @property
    def address(self) -> str:
        """Where it is: a URL, without user name and password. Of a server: known once started."""

    async def start(self, emit: Emit) -> None:
        """Begin. Returns when intents can be taken; raises `SourceError` when it cannot begin at all."""

    async def perform(self, intent: Intent) -> Done:
        """Carry out an intent, or say in `Done.error` why not. Never raises for what a person asked."""

    async def stop(self) -> None:
        """End every connection and task of this source; the last records are emitted before it returns."""


def make_source(spec: SourceSpec) -> Source:
    """Make the source for `spec`; raises `SourceError` when the description itself cannot be right."""
    if isinstance(spec, ClientSpec):
        from inspector_app.sources.client import ClientSource

        return ClientSource(spec)
    if isinstance(spec, ServerSpec):
        from inspector_app.sources.server import ServerSource

        return ServerSource(spec)
    from inspector_app.sources.demo import DemoSource

    return DemoSource(spec)


def describe_spec(spec: SourceSpec) -> dict[str, object]:
    """Tell what a capture was made from, for its header: a plain JSON object without secrets."""
    if isinstance(spec, DemoSpec):
        return {"kind": "demo", "seed": spec.seed}
    if isinstance(spec, ServerSpec):
        return {"kind": "server", "handler": spec.handler, "host": spec.host, "port": spec.port}
    from inspector_app.sources.address import without_password

    return {
        "kind": "client",
        "url": without_password(spec.url),
        "headers": [list(pair) for pair in hide_secrets(spec.headers)],
        "subprotocols": list(spec.subprotocols),
        "insecure": spec.insecure,
        "handler": spec.handler,
    }


def hide_secrets(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Give the headers with the values of `SECRET_HEADERS` replaced."""
    return [(name, HIDDEN if name.lower() in SECRET_HEADERS else value) for name, value in headers]


def hosted(name: str | None, seed: int | None = None, faults: str | None = None) -> Hosted:
    """Load what a person named to be hosted, None: the demo's own; raises `SourceError`."""
    try:
        found = _named(name, seed)
        if faults is None:
            return found
        from inspector_app.mock.faults.beside import WithFaults

        return WithFaults(found, Path(faults), seed)
    except HandlerFileError as error:
        raise SourceError(str(error), BAD_USAGE) from error


def _named(name: str | None, seed: int | None) -> Hosted:
    if name is None:
        from inspector_app.mock.demo import Market

        return BuiltIn(Market)
    if name.endswith(".toml"):
        from inspector_app.mock.script.mock import load_mock

        return load_mock(Path(name), seed=seed)
    return load(name)
