"""Environments: sets of variables with a name, such as `local` and `staging`, in one TOML file.

Owns the layout of the file. A secret is no value of it but a reference to a variable of the process's
environment, `${env:NAME}`; a value that looks like a secret is told of, so that nobody commits one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator, ConfigDict, RootModel

from inspector_app.toml_file import read_toml

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "environments.toml"
"""Beside the collections that it is for."""


def _plain(value: object) -> object:
    if not isinstance(value, (str, int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(
            "a variable is a text, a number, true or false: write anything else as text in quotes."
        )
    return value


Value = Annotated[str | int | float | bool, BeforeValidator(_plain)]
"""What a file gives a variable."""


class _Environments(RootModel[dict[str, dict[str, Value]]]):
    model_config = ConfigDict(frozen=True)


def read_environments(path: Path) -> Mapping[str, Mapping[str, Value]]:
    """Read a file of environments: their variables by their names. Raises `TomlError`.

    Without a file there are none.
    """
    return read_toml(path).check(_Environments).root if path.exists() else {}


def beside(collection: Path) -> Path:
    """Give where the environments of a collection are kept."""
    return collection.with_name(FILE_NAME)
