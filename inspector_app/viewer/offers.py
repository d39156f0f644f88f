"""Operations of a capture as documents: JSON Schema, AsyncAPI 3, with what was learned for what is missing.

Owns what of an operation is told in one. It opens the capture itself, so it may run in a thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from inspector_app.schemas.exporting import Offer, asyncapi, json_schema
from inspector_app.viewer.learning import LearnedOperation, learn

if TYPE_CHECKING:
    from inspector_app.capture.redaction import Rules
    from inspector_app.schemas.learning import Learned
    from inspector_app.viewer.operations import Operation

Layout = Literal["json-schema", "asyncapi"]

TITLES: Final[dict[Layout, str]] = {"json-schema": "JSON Schema", "asyncapi": "AsyncAPI 3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a document is to hold. `title` names the other side, `url` is where it is reached."""

    layout: Layout
    title: str
    url: str = ""
    examples: bool = False
    """With values that went over the wire."""
    rules: Rules | None = None
    """What is secret in those values; None: nothing is replaced."""


def worth_telling(operations: Sequence[Operation]) -> list[Operation]:
    """Give the operations of the application: those of the protocol itself are known to everybody."""
    return [each for each in operations if not each.name.startswith("slipstream.")]


def document(
    capture: Path,
    operations: Sequence[Operation],
    wish: Wish,
    goes_on: Callable[[int, int], bool] = lambda _done, _total: True,
) -> str:
    """Write a document as JSON, laid out.

    `goes_on` is told before each operation how many of how many are done; once it says no, the text is empty.
    """
    offers = []
    for done, each in enumerate(operations):
        if not goes_on(done, len(operations)):
            return ""
        offers.append(offer_of(capture, each, wish))
    if wish.layout == "asyncapi":
        told = asyncapi(offers, title=wish.title, url=wish.url)
    else:
        told = json_schema(offers, title=wish.title)
    return json.dumps(told, indent=2)


def offer_of(capture: Path, operation: Operation, wish: Wish) -> Offer:
    """Say what is known of an operation: as it is described, else as it was seen."""
    learned = LearnedOperation(operation.name)
    if not operation.described:
        learned = learn(capture, operation.lesson, wish.rules if wish.examples else None)
    return Offer(
        name=operation.name,
        kind=operation.kind,
        doc=operation.doc,
        params=_schema(operation.params, learned.params, wish),
        returns=_schema(operation.returns, learned.returns, wish),
        deprecated=operation.deprecated,
        learned=not operation.described,
        items=_schema(None, learned.sent, wish),
        called=operation.direction == "in",
        errors=tuple(sorted(learned.codes)),
    )


def _schema(described: object, learned: Learned, wish: Wish) -> object:
    if described is not None or not learned.count:
        return described
    return learned.schema(examples=wish.examples)
