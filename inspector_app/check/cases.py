"""The conformance cases as data: finding the files, reading them, refusing what is not in the format.

The format is described in `tests/vectors/README.md`. Playing a case is the player's business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import inspector_app

Actor = Literal["driver", "program", "observer"]
Role = Literal["responder", "opener"]
Dialect = Literal["modern", "legacy"]


class CaseError(ValueError):
    """A file of cases, or a case, that is not in the format."""


@dataclass(frozen=True, slots=True)
class _Verb:
    """What a step of one kind looks like, and who acts in it."""

    value: tuple[type, ...]
    options: Mapping[str, tuple[type, ...]] = field(default_factory=dict)
    actor: Actor = "driver"
    needed: tuple[str, ...] = ()


_SECONDS = (int, float)
_VERBS: Final[Mapping[str, _Verb]] = {
    "send": _Verb((dict,), {"binary": (str,), "times": (int,)}),
    "send_text": _Verb((str, list), {"times": (int,)}),
    "send_bytes": _Verb((str,)),
    "expect": _Verb(
        (dict,),
        {
            "passing": (list,),
            "times": (int,),
            "spelled": (bool,),
            "as_text": (bool,),
            "ascii": (bool,),
            "contains": (str,),
            "lacks": (str,),
        },
    ),
    "expect_all": _Verb((list,)),
    "silent": _Verb((bool,)),
    "alive": _Verb((bool,)),
    "hello": _Verb((dict,)),
    "close": _Verb((int,), {"reason": (str,)}),
    "drop": _Verb((bool,)),
    "closed": _Verb((list,)),
    "call": _Verb(
        (str,),
        {"kind": (str,), "data": (dict,), "timeout": _SECONDS, "idle_timeout": _SECONDS},
        "program",
        ("kind", "data"),
    ),
    "notify": _Verb((dict,), actor="program"),
    "write": _Verb((str,), {"items": (list,), "fails": (str,)}, "program", ("items",)),
    "end": _Verb((str,), actor="program"),
    "cancel": _Verb((str,), actor="program"),
    "read": _Verb((str,), {"items": (list,)}, "program", ("items",)),
    "outcome": _Verb((str,), {"is": (dict,)}, "program", ("is",)),
    "leave": _Verb((int,), {"drain": _SECONDS}, "program"),
    "findings": _Verb((int,), actor="observer"),
}
KINDS: Final = ("request_response", "request_stream", "stream_stream")
LIMITS: Final[Mapping[str, tuple[type, ...]]] = {
    "frame": (int,),
    "inFlight": (int,),
    "streamBuffer": (int,),
    "credit": (int,),
    "badFrames": (int,),
    "requestTimeout": _SECONDS,
    "strict": (bool,),
    "describe": (bool,),
}
"""What a case may ask of the set-up of its subject, by the names that the format gives them."""

_NAME = re.compile(r"[a-z0-9_]+")
_SECTION = re.compile(r"§([1-9]|10|11)")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is done or looked for, on what, how. `actor` is who does it, or can see it."""

    verb: str
    value: Any
    options: Mapping[str, Any]
    actor: Actor

    def option(self, name: str, otherwise: Any = None) -> Any:
        """An option of the step, or what it means to leave it out."""
        return self.options.get(name, otherwise)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a subject must offer for a case to be played: operations, and settings that not every peer has."""

    operations: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One conformance case. `section` is the section of protocol.md that a subject breaks if it differs."""

    name: str
    section: str
    role: Role
    about: str
    steps: tuple[Step, ...]
    peer: Dialect = "modern"
    """Whether the driving side says hello."""
    of_legacy: bool = False
    """Whether a legacy subject must pass too."""
    needs: Needs = field(default_factory=Needs)
    hello: Mapping[str, Any] | None = None
    """What the driver's hello says instead of the usual."""

    @property
    def path(self) -> str:
        """Section and name, as `--only` takes them: `7/an_array_is_no_frame`."""
        return f"{self.number}/{self.name}"

    @property
    def number(self) -> int:
        """The number of its section."""
        return int(self.section.removeprefix("§"))

    @property
    def needs_program(self) -> bool:
        """Whether the subject's own program has a part in it, so that it cannot be played from outside."""
        return self.role == "opener" or any(step.actor == "program" for step in self.steps)


def vectors_folder() -> Path:
    """Where the cases are: beside this package when installed, among the tests in a checkout."""
    package = Path(inspector_app.__file__).parent
    installed = package / "vectors"
    return installed if installed.is_dir() else package.parent / "tests" / "vectors"


def load_cases(folder: Path | None = None) -> list[Case]:
    """Every case, by section and in the order of its file. Raises `CaseError`."""
    folder = folder or vectors_folder()
    cases = [case for path in folder.glob("*.json") for case in load_file(path)]
    if not cases:
        raise CaseError(f"There are no cases in {folder}")
    names = [case.name for case in cases]
    if twice := {name for name in names if names.count(name) > 1}:
        raise CaseError(f"These names are given twice: {', '.join(sorted(twice))}")
    return sorted(cases, key=lambda case: case.number)


def load_file(path: Path) -> list[Case]:
    """The cases of one file. Raises `CaseError` that names the file, and the case where it is one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        _check_fields(content, {"section": (str,), "cases": (list,)}, ("section", "cases"))
        return [_case(each, content["section"]) for each in content["cases"]]
    except (OSError, ValueError) as error:
        raise CaseError(f"{path.name}: {error}") from error


_FIELDS: Final[Mapping[str, tuple[type, ...]]] = {
    "name": (str,),
    "role": (str,),
    "about": (str,),
    "peer": (str,),
    "subject": (str,),
    "needs": (dict,),
    "hello": (dict,),
    "steps": (list,),
}


def _case(told: object, section: str) -> Case:
    name = told.get("name", "a case without a name") if isinstance(told, dict) else "a case"
    try:
        fields = _check_fields(told, _FIELDS, ("name", "role", "about", "steps"))
        _require(bool(_NAME.fullmatch(fields["name"])), "a name is lower-case words joined by _")
        _require(bool(_SECTION.fullmatch(section)), f"{section!r} is no section, as §7 is")
        _require(fields["role"] in ("responder", "opener"), "the role is responder or opener")
        _require(fields.get("peer", "modern") in ("modern", "legacy"), "the peer is modern or legacy")
        _require(fields.get("subject", "modern") in ("modern", "any"), "the subject is modern or any")
        return Case(
            name=fields["name"],
            section=section,
            role=fields["role"],
            about=fields["about"],
            steps=tuple(_step(each) for each in fields["steps"]),
            peer=fields.get("peer", "modern"),
            of_legacy=fields.get("subject") == "any",
            needs=_needs(fields.get("needs", {})),
            hello=fields.get("hello"),
        )
    except ValueError as error:
        raise CaseError(f"{name}: {error}") from error


def _needs(told: object) -> Needs:
    fields = _check_fields(told, {"operations": (list,), "limits": (dict,)})
    limits = _check_fields(fields.get("limits", {}), LIMITS)
    return Needs(tuple(fields.get("operations", ())), limits)


def _step(told: object) -> Step:
    _require(isinstance(told, dict), "a step is an object")
    assert isinstance(told, dict)  # noqa: S101 - as just required, which the type checker cannot follow
    verbs = [name for name in told if name in _VERBS]
    _require(len(verbs) == 1, f"a step does one thing: {json.dumps(told)}")
    verb = _VERBS[verbs[0]]
    fields = _check_fields(told, {verbs[0]: verb.value, **verb.options}, verb.needed)
    options = {name: value for name, value in fields.items() if name != verbs[0]}
    _require(options.get("kind", KINDS[0]) in KINDS, f"a kind of call is one of {', '.join(KINDS)}")
    return Step(verbs[0], fields[verbs[0]], options, verb.actor)


def _check_fields(
    told: object, known: Mapping[str, tuple[type, ...]], needed: tuple[str, ...] = ()
) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise CaseError(f"an object was expected: {json.dumps(told)}")
    for name, value in told.items():
        _require(name in known, f"{name!r} is not known here; known are {', '.join(known)}")
        kinds = known[name]
        right = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        _require(right, f"{name!r} is not what belongs there: {json.dumps(value)}")
    for name in needed:
        _require(name in told, f"{name!r} is missing")
    return told


def _require(true: bool, text: str) -> None:
    if not true:
        raise CaseError(text)
