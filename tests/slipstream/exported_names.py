"""What the library exports, told as text: a line for each name, and for each public member of a class.

`python -m tests.slipstream.exported_names` writes the record that `test_exported_names` holds the library to.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ForwardRef

from pydantic import BaseModel

import slipstream
import slipstream.base

RECORD = Path(__file__).with_suffix(".txt")

_OBJECT = re.compile(r"<[^<>]* at 0x[0-9a-f]+>")
_STARS: dict[object, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def lines() -> list[str]:
    """All of it, sorted by name; of `slipstream.base`, whose names are the same objects, the names alone."""
    told = [line for name in sorted(slipstream.__all__) for line in _told(name, getattr(slipstream, name))]
    assert all(
        getattr(slipstream.base, name) is getattr(slipstream, name) for name in slipstream.base.__all__
    )
    return [*told, *(f"base.{name}" for name in sorted(slipstream.base.__all__))]


def _told(name: str, value: object) -> Iterator[str]:
    if isinstance(value, type):
        bases = ", ".join(base.__name__ for base in value.__bases__)
        yield f"{name}: class({bases}){_constructor(value)}"
        yield from _members(name, value)
    else:
        yield f"{name}: {_routine(value) if callable(value) else type(value).__name__}"


def _constructor(kind: type) -> str:
    """How it is made, where this library says how."""
    if issubclass(kind, enum.Enum | BaseModel | tuple):
        return ""
    return _signature(kind) if inspect.isfunction(inspect.getattr_static(kind, "__init__")) else ""


def _members(name: str, kind: type) -> Iterator[str]:
    if issubclass(kind, enum.Enum):
        yield from (f"{name}.{member.name} = {member.value!r}" for member in kind)
    if issubclass(kind, BaseModel | tuple):
        yield from (f"{name}.{field}: {_plain(told)}" for field, told in kind.__annotations__.items())
    for member, value in sorted(vars(kind).items()):
        if (member.startswith("_") and member not in _USED_BY_SYNTAX) or member in _OF_PYDANTIC:
            continue
        if isinstance(value, property):
            yield f"{name}.{member}: property"
        elif inspect.isroutine(value) and not inspect.isdatadescriptor(value):
            yield f"{name}.{member}: {_routine(getattr(kind, member))}"


_USED_BY_SYNTAX = {"__aenter__", "__aexit__", "__aiter__", "__anext__"}
_OF_PYDANTIC = {"model_config", "model_fields", "model_computed_fields", "model_post_init"}


def _plain(annotation: object) -> object:
    return annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation


def _routine(value: Callable[..., Any]) -> str:
    word = "coroutine function" if inspect.iscoroutinefunction(value) else "function"
    return word + _signature(value)


def _signature(value: Callable[..., Any]) -> str:
    signature = inspect.signature(value)
    parts, keywords_only = [], False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keywords_only:
            parts.append("*")
            keywords_only = True
        parts.append(_parameter(parameter))
    returns = signature.return_annotation
    return f"({', '.join(parts)})" + ("" if returns is signature.empty else f" -> {returns}")


def _parameter(parameter: inspect.Parameter) -> str:
    annotation = "" if parameter.annotation is parameter.empty else f": {parameter.annotation}"
    default = "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
    return f"{_STARS.get(parameter.kind, '')}{parameter.name}{annotation}{default}"


def _default(value: object) -> str:
    if value == slipstream.Limits():
        return "Limits()"
    # No version, which changes with every release; and of an object that only marks, that it is one.
    return _OBJECT.sub("...", repr(value).replace(slipstream.__version__, "VERSION"))


if __name__ == "__main__":
    RECORD.write_text("\n".join(lines()) + "\n")
