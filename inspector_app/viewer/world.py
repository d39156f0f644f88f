"""What is inspected, in words: a client, a server or a file, and its address.

Owns the reading of a source's description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from inspector_app.capture.files import capture_label
from inspector_app.intents import DemoSpec, ServerSpec, SourceSpec

Role = Literal["CLIENT", "SERVER", "FILE"]


class World(Struct, frozen=True, kw_only=True):
    """What is inspected. `spec` is None for a file: nothing can be sent and nothing started again."""

    role: Role
    address: str
    label: str
    """What goes into the name of a capture."""
    spec: SourceSpec | None = None


def world_of(spec: SourceSpec) -> World:
    """Name the world that a source makes, before it is there."""
    if isinstance(spec, DemoSpec):
        return World(role="CLIENT", address="demo", label=capture_label(spec), spec=spec)
    if isinstance(spec, ServerSpec):
        handler = f" {Path(spec.handler).name}" if spec.handler else ""
        address = f"{spec.host}:{spec.port}{handler}"
        return World(role="SERVER", address=address, label=capture_label(spec), spec=spec)
    address = _without_login(spec.url)
    return World(role="CLIENT", address=address, label=capture_label(spec), spec=spec)


def at_address(world: World, address: str) -> World:
    """Name the world by where its source really is: a port of 0 has become a real one."""
    if not address:
        return world
    handler = world.spec.handler if isinstance(world.spec, ServerSpec) else None
    return replace(world, address=f"{address} {Path(handler).name}" if handler else address)


def world_of_engine(source: Mapping[str, object], address: str) -> World:
    """Name the world of an engine that another viewer started; its `source` is as in a capture's header."""
    role: Role = "SERVER" if source.get("kind") == "server" else "CLIENT"
    handler = source.get("handler")
    named = f" {Path(handler).name}" if role == "SERVER" and isinstance(handler, str) else ""
    return World(role=role, address=f"{address}{named}", label="attached")


def world_of_file(path: Path, source: object) -> World:
    """Name the world of a finished capture; `source` is what its header says it was made from."""
    return World(role="FILE", address=f"{path.name}{_made_from(source)}", label=path.stem)


def _made_from(source: object) -> str:
    if not isinstance(source, Mapping):
        return ""
    kind = source.get("kind")
    if kind == "client":
        return f" (client of {source.get('url', '?')})"
    if kind == "server":
        return f" (server on {source.get('host', '?')}:{source.get('port', '?')})"
    return f" ({kind})" if isinstance(kind, str) and kind else ""


def _without_login(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    shown = f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
    return re.sub(r"([?&](?:access_)?token=)[^&#\s]+", r"\1(hidden)", shown)
