"""Whether a value is what a schema asks for, and if not, where and why, in words for the one who types it.

Owns the bounds: a schema comes from the other side. Nothing is fetched for it, its patterns are matched in
time proportional to the text, and one that cannot be used says so. How long a check takes is not bounded
here: it is for `judge`, a process that `judging` ends.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from inspector_app.schemas.document import Path

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

MOST_PROBLEMS: Final = 50
NO_VARIANT: Final = "must be one of the variants of the schema"
"""What is wrong with a value that is none of a union's, when it is not plain which one is meant."""
MOST_SCHEMA_BYTES: Final = 1024 * 1024
_PATTERN_BYTES: Final = 1024 * 1024
_LONGEST: Final = 160
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the value at a path; empty: with all of it."""

    path: Path
    text: str

    def __str__(self) -> str:
        return f"{path_text(self.path)}: {self.text}"


def path_text(path: Path) -> str:
    """Write a path as the filter language does: `data.items[0].name`."""
    text = "data"
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step and all(letter.isalnum() or letter in "_$@-" for letter in step):
            text += f".{step}"
        else:
            text += f".{json.dumps(step, ensure_ascii=False)}"
    return text


def schema_problem(schema: object) -> str:
    """Say why nothing can be checked by a schema, without a full stop; empty: something can."""
    if _is_large(schema):
        return f"it is larger than {MOST_SCHEMA_BYTES} bytes, or nested too deeply"
    import jsonschema_rs

    try:
        _validator(schema)
    except jsonschema_rs.ValidationError as error:
        problems = _problems(error)
        return "; ".join(
            f"{path_text(each.path)[len('data') :]} {each.text}".strip(". ") for each in problems
        )
    except (ValueError, TypeError, RecursionError) as error:
        return _reason(error)
    return ""


def _validator(schema: Any) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(
        schema,
        offline=True,
        validate_formats=True,
        mask="This",
        pattern_options=jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES, dfa_size_limit=_PATTERN_BYTES),
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).partition("\n")[0].split())[:200]


class Checker:
    """Checks values by one schema; None as a schema takes everything.

    `unusable` says in a sentence why it cannot; then nothing is wrong with any value.
    """

    def __init__(self, schema: object) -> None:
        self.unusable = ""
        self._validator: Any = None
        if schema is None or schema is True:
            return
        if not isinstance(schema, (dict, bool)) or _is_large(schema):
            self.unusable = (
                "The schema of this operation is no JSON Schema that can be used: data is not checked."
            )
            return
        try:
            self._validator = _validator(schema)
        except (ValueError, TypeError, RecursionError) as error:
            self.unusable = (
                f"The schema of this operation cannot be used ({_reason(error)}): data is not checked."
            )

    def problems(self, value: object) -> list[Problem]:
        """Say what is wrong with a value, the first of it."""
        if self._validator is None:
            return []
        found: list[Problem] = []
        try:
            for error in self._validator.iter_errors(value):
                found += _problems(error)
                if len(found) >= MOST_PROBLEMS:
                    break
        except (ValueError, OverflowError, RecursionError) as error:
            return [Problem((), f"cannot be checked ({error})")]
        return found[:MOST_PROBLEMS]


def _problems(error: ValidationError, depth: int = 0) -> list[Problem]:
    """Tell what is wrong; of a union, what is wrong with the variant that is plainly meant, if one is."""
    if error.kind.name in ("anyOf", "oneOf") and depth < _DEEPEST:
        variants = error.kind.as_dict().get("context") or [[]]
        meant = [errors for errors in variants if errors and not any(map(_is_another, errors))]
        if len(meant) == 1:
            return [problem for each in meant[0] for problem in _problems(each, depth + 1)]
    return [_problem(error)]


def _is_another(error: ValidationError) -> bool:
    """Whether an error says that another variant is meant, and not that this one is filled in wrongly."""
    return error.kind.name in ("type", "const", "enum", "falseSchema")


def _is_large(schema: object) -> bool:
    try:
        return len(json.dumps(schema)) > MOST_SCHEMA_BYTES
    except RecursionError:
        return True


def _problem(error: ValidationError) -> Problem:
    path = tuple(error.instance_path)
    facts: dict[str, Any] = error.kind.as_dict()
    match error.kind.name:
        case "required":
            return Problem((*path, facts["property"]), "must be there")
        case "additionalProperties" | "unevaluatedProperties":
            return Problem(path, f"must not have {_listed(facts['unexpected'])}")
        case "type":
            return Problem(path, f"must be of type {' or '.join(map(str, facts['types']))}")
        case "enum":
            return Problem(path, f"must be one of {_listed(facts['options'])}")
        case "const":
            return Problem(path, f"must be {_listed([facts['expected_value']])}")
        case "anyOf" | "oneOf":
            return Problem(path, NO_VARIANT)
        case "falseSchema":
            is_object = error.schema_path[-1:] == ["additionalProperties"]
            return Problem(path, "must have no members" if is_object else "must not be there")
        case _:
            return Problem(path, _cut(error.message.removeprefix("This ")))


def _listed(values: list[Any]) -> str:
    return _cut(", ".join(json.dumps(value, ensure_ascii=False) for value in values))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
