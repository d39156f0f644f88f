"""What a server offers, as text for people or as the answer that it gave.

Owns the formats of `describe`. Every word is the server's, so lines are printed inert, by `Output`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Final

from inspector_app.calling.catalogue import KINDS
from inspector_app.schemas.exporting import Offer, asyncapi, json_schema
from inspector_app.schemas.schema_text import parameter_lines, returned

if TYPE_CHECKING:
    from inspector_app.calling.catalogue import Catalogue, Described
    from inspector_app.calling.output import Output

Format = Callable[["Output", str, "Catalogue", bytes], Awaitable[None]]
"""Prints a description: where it came from, what can be read of it, and the JSON text of the answer."""

_DOC_LINES: Final = 40


async def as_text(output: Output, address: str, catalogue: Catalogue, _: bytes) -> None:
    """Print every operation with its kind, documentation and parameters."""
    for line in text_lines(address, catalogue):
        await output.line(line)


async def as_json(output: Output, _: str, __: Catalogue, raw: bytes) -> None:
    """Print the answer as it came."""
    await output.document(raw)


async def as_json_schema(output: Output, address: str, catalogue: Catalogue, _: bytes) -> None:
    """Print one JSON Schema document with the schemas of all operations."""
    await output.document(json.dumps(json_schema(_offers(catalogue), title=address)).encode())


async def as_asyncapi(output: Output, address: str, catalogue: Catalogue, _: bytes) -> None:
    """Print an AsyncAPI 3 document."""
    await output.document(json.dumps(asyncapi(_offers(catalogue), title=address, url=address)).encode())


FORMATS: Final[dict[str, Format]] = {
    "text": as_text,
    "json": as_json,
    "json-schema": as_json_schema,
    "asyncapi": as_asyncapi,
}
"""By the names that `--format` has for them (`options`)."""


def _offers(catalogue: Catalogue) -> list[Offer]:
    kinds = {ours: theirs for theirs, ours in KINDS.items()}
    return [
        Offer(
            name=each.name,
            kind=kinds[each.kind],
            doc=each.doc,
            params=each.params,
            returns=each.returns,
            deprecated=each.deprecated,
        )
        for each in catalogue.operations
        if not each.reserved
    ]


def text_lines(address: str, catalogue: Catalogue) -> Iterator[str]:
    """Lay out a description, line by line."""
    own = [each for each in catalogue.operations if not each.reserved]
    software = catalogue.raw.get("software")
    version = catalogue.raw.get("version")
    about = ", ".join(
        part
        for part in (
            str(software)[:200] if software else "",
            f"protocol version {str(version)[:20]}" if version is not None else "",
            f"{len(own):,} operation{'' if len(own) == 1 else 's'}",
        )
        if part
    )
    yield f"{address}: {about}"
    for each in own:
        yield ""
        yield from operation_lines(each)
    reserved = [each.name for each in catalogue.operations if each.reserved]
    if reserved:
        yield ""
        yield f"and of the protocol itself: {', '.join(reserved)[:500]}"


def operation_lines(operation: Described) -> Iterator[str]:
    """Lay out one operation: name and kind, documentation, parameters, what it returns."""
    yield f"{operation.name}  ({operation.kind}{', deprecated' if operation.deprecated else ''})"
    doc = operation.doc.strip().splitlines()
    yield from (f"    {line}".rstrip() for line in doc[:_DOC_LINES])
    if len(doc) > _DOC_LINES:
        yield "    …"
    yield from (f"    {line}" for line in parameter_lines(operation.params))
    if operation.kind != "oneway":
        what = "returns" if operation.kind == "request" else "items"
        if (told := returned(operation.returns)) is not None:
            yield f"    {what}: {told}"
