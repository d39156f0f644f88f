"""Messages made to be expensive or misleading, each to stop a careless reader, exhaust it or end its loop."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024

_REQUEST = (
    '{"type":"request","peerID":"bomber","requestId":["bomber",%s],"data":{"operation":"echo","value":%s}}'
)


@dataclass(frozen=True, slots=True)
class Bomb:
    """One message. A `legal` one is a request like any other, with this number; the others are no frames."""

    name: str
    message: str | bytes
    legal: int | None = None


def _request(value: str, number: object = 0) -> str:
    return _REQUEST % (number, value)


def _legal(name: str, number: int, value: str) -> Bomb:
    return Bomb(name, _request(value, number), legal=number)


BOMBS = (
    Bomb("1 MiB of [", "[" * MIB),
    Bomb('1 MiB of {"a":', ('{"a":' * MIB)[:MIB]),
    Bomb("1 MiB of ]", "]" * MIB),
    Bomb("1 MiB of [ behind half a surrogate pair", '["\\ud83d",' + "[" * (MIB - 20)),
    Bomb("nested 250 deep", _request("[" * 250 + "]" * 250)),
    Bomb("4,301 digits", "1" * 4301),
    Bomb("4,301 digits as number of the exchange", _request("1", "1" * 4301)),
    Bomb("1 MiB of digits", "1" * MIB),
    Bomb("1 MiB string", '"' + "x" * (MIB - 2) + '"'),
    Bomb("1 MiB string that does not end", '"' + "x" * (MIB - 1)),
    Bomb("NUL between the fields", _request("1").replace(",", ",\0")),
    Bomb("BOM", "\ufeff" + _request("1")),
    Bomb("UTF-16", _request("1").encode("utf-16")),
    Bomb("UTF-16 without BOM", _request("1").encode("utf-16-be")),
    Bomb("UTF-32", _request("1").encode("utf-32")),
    Bomb("half a character", _request('"x"').encode().replace(b'"x"', b'"\xf0\x9f"')),
    Bomb("100,000 times the same key", "{" + '"type":1,' * 100_000 + '"type":"request"}'),
    _legal("NaN", 1, "NaN"),
    _legal("infinity", 2, "1e999"),
    _legal("half a surrogate pair", 3, '"\\ud83d"'),
    _legal("170,000 halves of surrogate pairs", 4, '"' + "\\ud83d" * 170_000 + '"'),
    _legal("NUL in a string", 5, '"\\u0000"'),
    _legal("a string of almost 1 MiB", 6, '"' + "x" * (MIB - 300) + '"'),
    _legal("nested 190 deep", 8, "[" * 190 + "]" * 190),
)
"""Each fits into a frame of the default size."""

HEAVY = (
    _legal("250 numbers of 4,000 digits", 7, "[" + ",".join(["1" * 4000] * 250) + "]"),
    _legal("100,000 objects", 9, "[" + '{"a":1},' * 100_000 + "1]"),
    _legal("5,000 lists, nested 100 deep", 10, "[" + ",".join(["[" * 100 + "]" * 100] * 5_000) + "]"),
)
"""Legal and within the size, but costly for every reader of JSON."""


def million_keys() -> Bomb:
    """An object that needs a larger frame than the default."""
    return Bomb("1,000,000 keys", "{" + ",".join(f'"{key}":1' for key in range(1_000_000)) + "}")
