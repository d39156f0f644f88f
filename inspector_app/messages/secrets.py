"""A look for secrets in what is about to be kept in a file.

Owns the sentence; what looks like a secret is known by the rules of redaction.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from inspector_app.capture.redaction.finder import Finder
from inspector_app.capture.redaction.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inspector_app.messages.collection import Message

_MASK = "\0"
_HUMP = re.compile(r"([a-z0-9])([A-Z])")
_NO_NAME = re.compile(r"[^A-Za-z0-9_]+")


@cache
def _finder() -> Finder:
    # A mail address is often what a message is about; it opens no door.
    return Finder(Rules(off=frozenset({"mail"})), lambda *_: _MASK)


def secrets_in(value: object) -> list[str]:
    """Give the paths of what looks like a secret, and is no reference to one: `data.session.token`."""
    found: list[str] = []
    _look(value, "", found)
    return found


def _look(value: object, path: str, found: list[str]) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            here = f"{path}.{key}" if path else str(key)
            if isinstance(member, str) and _is_secret({key: member}):
                found.append(here)
            else:
                _look(member, here, found)
    elif isinstance(value, list):
        for place, member in enumerate(value):
            _look(member, f"{path}[{place}]", found)
    elif isinstance(value, str) and _is_secret(value):
        found.append(path)


def _is_secret(value: Any) -> bool:
    text = next(iter(value.values())) if isinstance(value, dict) else value
    if not text or "${" in text:
        return False  # a reference says where the secret is, and nothing of it
    return bool(_finder().value(value) != value)


def with_references(value: object) -> tuple[object, list[str]]:
    """Write a reference wherever a text looks like a secret; give that and the names of the variables.

    A variable is named after the key that its value is under: `sessionToken` is read from SESSION_TOKEN.
    """
    names: dict[str, None] = {}

    def referred(key: str) -> str:
        name = _NO_NAME.sub("_", _HUMP.sub(r"\1_\2", key)).strip("_").upper() or "SECRET"
        name = f"_{name}" if name[0].isdigit() else name
        names[name] = None
        return f"${{env:{name}}}"

    def walk(held: object, key: str) -> object:
        if isinstance(held, dict):
            return {each: walk(member, str(each)) for each, member in held.items()}
        if isinstance(held, list):
            return [walk(member, key) for member in held]
        if isinstance(held, str) and (_is_secret({key: held} if key else held) or _is_secret(held)):
            return referred(key)
        return held

    return walk(value, ""), list(names)


def referring(message: Message) -> tuple[Message, list[str]]:
    """Write references in the data and the items of a message likewise. What has no secret stays as typed."""
    data, names = with_references(json.loads(message.data))
    changes: dict[str, Any] = {"data": json.dumps(data, indent=2, ensure_ascii=False)} if names else {}
    items: list[str] = []
    for item in message.items:
        value, found = with_references(json.loads(item))
        items.append(json.dumps(value, ensure_ascii=False) if found else item)
        names += [name for name in found if name not in names]
    return message.model_copy(update={**changes, "items": tuple(items)}), names


def warning_for(message: Message) -> str:
    """Say in a sentence that a message would be kept with a secret in it; empty when it has none."""
    found = [f"data.{path}" for path in secrets_in(json.loads(message.data))]
    for place, item in enumerate(message.items):
        found += [f"items[{place}].{path}".rstrip(".") for path in secrets_in(json.loads(item))]
    return _sentence(found)


def warning_for_variables(variables: Mapping[str, object]) -> str:
    """Likewise for the values of variables."""
    return _sentence(secrets_in(dict(variables)))


def _sentence(found: list[str]) -> str:
    if not found:
        return ""
    names = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    verb = "looks" if len(found) == 1 else "look"
    return f"{names} {verb} like a secret: write ${{env:NAME}} and keep the value in the environment."
