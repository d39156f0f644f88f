"""The JSON Schema of mock files, for editors: made of the models that check them, so that both agree."""

from __future__ import annotations

import json
from typing import Any

from inspector_app.mock.script.model import Document


def schema() -> dict[str, Any]:
    """Give the schema as a JSON object."""
    made = Document.model_json_schema()
    _without_noise(made)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **made,
        "title": "A mock of slipstream-inspector",
    }


def schema_text() -> str:
    """Give the schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _without_noise(part: Any) -> None:
    """Leave out what editors would show and nobody wants to read: titles made of names, nulls TOML lacks."""
    if isinstance(part, list):
        for each in part:
            _without_noise(each)
    if not isinstance(part, dict):
        return
    if isinstance(part.get("title"), str):
        del part["title"]
    in_seconds = part.get("type") == "string" and not isinstance(part.get("default", ""), str)
    if part.get("default", 0) is None or in_seconds:
        del part["default"]
    if {"type": "null"} in part.get("anyOf", []):
        rest = [each for each in part.pop("anyOf") if each != {"type": "null"}]
        part.update(rest[0] if len(rest) == 1 else {"anyOf": rest})
    for each in part.values():
        _without_noise(each)
