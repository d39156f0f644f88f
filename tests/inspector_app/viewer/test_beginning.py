"""The beginning of a message: what it tells is what the message will be laid out as."""

from __future__ import annotations

import json

import pytest

from inspector_app.viewer.beginning import BEGINNING_BYTES, FrameBeginning
from inspector_app.viewer.reading import FrameText

DETAILS = ("data", "frame", "raw")


def frame(data: object, **more: object) -> bytes:
    """A frame that is longer than its beginning if `data` is."""
    return json.dumps(
        {"type": "response", "requestId": ["p", 1], "peerID": "q", "data": data, **more}
    ).encode()


def texts(lines: object, count: int) -> list[str]:
    return ["".join(text for text, _ in lines.line(index)) for index in range(count)]  # type: ignore[attr-defined]  # lines of either kind


def beginning(raw: bytes) -> FrameBeginning:
    return FrameBeginning(raw[:BEGINNING_BYTES], len(raw))


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize(
    "data",
    [
        {"first": True, "items": [{"id": index, "name": f"é {index}"} for index in range(5_000)]},
        {"first": "x\\ \u20ac" * 50_000},
        ["a"] * 50_000,
    ],
    ids=["objects", "one string", "many strings"],
)
def test_its_lines_are_the_first_lines_of_the_whole(detail: str, data: object) -> None:
    raw = frame(data)
    lines, whole = beginning(raw).lines(detail), FrameText(1, raw).lines(detail)
    assert lines is not None
    assert lines.count > 1
    # The last line may go on in what is not read yet.
    assert texts(lines, lines.count - 1) == texts(whole, lines.count - 1)
    assert texts(whole, lines.count)[-1].startswith(texts(lines, lines.count)[-1].removesuffix("..."))


def test_its_tree_has_the_same_rows_and_counts_nothing_that_is_cut() -> None:
    long = "x" * (BEGINNING_BYTES - 1_000)
    tree = beginning(frame({"few": [1, 2], "long": long, "items": list(range(5_000))})).tree
    assert tree is not None
    assert ["".join(text for text, _ in tree.parts(index)) for index in range(tree.count)] == [
        "▾ data: {…} large, members not counted",
        '  ▸ "few": […] 2 items',
        f'    "long": "{long[: 2_000 - 1]}…',
        '  ▸ "items": […] large, items not counted',
    ]


def test_what_was_opened_in_it_is_open_in_the_whole_tree() -> None:
    raw = frame({"few": [1, 2], "items": [{"id": index} for index in range(5_000)]})
    tree = beginning(raw).tree
    assert tree is not None
    tree.close(0)
    tree.open(0)
    tree.open(2)
    tree.open(tree.count - 1)  # the next page
    tree.open(210)
    whole = FrameText(1, raw)
    whole.make("tree")
    assert whole.tree is not None
    whole.tree.open_as(tree)
    rows = [(tree.node(index).kind, tree.node(index).path) for index in range(tree.count)]
    assert [(whole.tree.node(index).kind, whole.tree.node(index).path) for index in range(tree.count)] == rows


@pytest.mark.parametrize(
    "raw",
    [
        frame(None, junk="x" * BEGINNING_BYTES),
        json.dumps({"junk": "x" * BEGINNING_BYTES, "data": 1}).encode(),
        b"\xff" * BEGINNING_BYTES,
        b"no json, " * BEGINNING_BYTES,
        b"[" * BEGINNING_BYTES,
    ],
    ids=["no data yet", "data behind", "bytes", "words", "deep"],
)
def test_data_that_is_not_known_yet_is_not_made_up(raw: bytes) -> None:
    begun = beginning(raw)
    assert begun.lines("data") is None
    assert begun.tree is None
    assert begun.lines("raw") is not None
