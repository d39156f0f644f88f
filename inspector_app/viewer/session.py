"""What goes with sending for as long as the app runs: the folder of collections, environment, saved values.

Owns which values variables have in the app. Values that come from the environment of the process are put
into what is sent, and `hide` masks them in whatever is shown or kept.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

from msgspec.structs import replace

from inspector_app.intents import Intent, RepeatMessage, SendItem, SendMessage
from inspector_app.messages.environments import FILE_NAME, Value, read_environments
from inspector_app.messages.variables import BUILT_IN, Scope, VariableError
from inspector_app.toml_file import TomlError
from inspector_app.typed_path import here

LOCAL_FOLDER: Final = "slipstream"
"""Folder of collections beside where the program runs, which a team may keep in git."""

Asked = TypeVar("Asked", bound=Intent)


class Session:
    """Variables, and where messages are kept. Files are read anew when they are needed: people edit them."""

    def __init__(
        self, folder: Path, *, environment: str = "", environ: Mapping[str, str] = os.environ
    ) -> None:
        self.folder = folder
        self.environment = environment
        """Name of the one that is chosen; empty: none."""
        self.saved: dict[str, object] = {}
        """What answers gave, by the names of variables."""
        self.editing: tuple[Path, str] | None = None
        """Collection and name of the message that is in the form, where it came from one."""
        self.variables: Mapping[str, object] = {}
        """What variables have that nothing else gives a value: those of where the form's message is from."""
        self._environ = environ
        self._secrets: dict[str, str] = {}

    @property
    def environments_file(self) -> Path:
        """Where environments are kept."""
        return self.folder / FILE_NAME

    def environments(self) -> Mapping[str, Mapping[str, Value]]:
        """Give the variables of each environment. Raises `TomlError`."""
        return read_environments(self.environments_file)

    def scope(self, variables: Mapping[str, object] | None = None) -> Scope:
        """Give what variables stand for. Raises `VariableError`.

        `variables` are the last to be asked: a collection's; None: those of where the form's message is from.
        """
        last = self.variables if variables is None else variables
        layers: list[Mapping[str, object]] = [self._chosen(), last]
        return Scope(layers=layers, environ=self._environ, saved=self.saved, secrets=self._secrets)

    def _chosen(self) -> Mapping[str, object]:
        if not self.environment:
            return {}
        try:
            known = self.environments()
        except TomlError as error:
            raise VariableError(str(error.problems[0])) from None
        if self.environment not in known:
            raise VariableError(
                f"{self.environments_file} has no environment {self.environment}: choose another one."
            )
        return known[self.environment]

    def expanded(self, intent: Asked, variables: Mapping[str, object] | None = None) -> Asked:
        """Put values into what is to be sent; a raw frame stays as it is. Raises `VariableError`."""
        match intent:
            case RepeatMessage():
                return replace(intent, **self._repeated(intent, self.scope(variables)))
            case SendMessage() if "${" in intent.operation + intent.data_json:
                scope = self.scope(variables)
                operation, data = scope.text(intent.operation), scope.json(intent.data_json)
                return replace(intent, operation=operation, data_json=data)
            case SendItem() if "${" in intent.data_json:
                return replace(intent, data_json=self.scope(variables).json(intent.data_json))
            case _:
                return intent

    def _repeated(self, intent: RepeatMessage, scope: Scope) -> dict[str, object]:
        """Put values in, all but those that each message is to have anew. The operation is one for all."""
        message, mark = intent.message, secrets.token_hex(8)
        data, *items = map(scope.leaving_marks(mark).json, (message.data_json, *intent.items_json))
        return {
            "message": replace(message, operation=scope.text(message.operation), data_json=data),
            "items_json": tuple(items),
            "mark": mark if any(mark in each for each in (data, *items)) else "",
        }

    def hide(self, text: str) -> str:
        """Write what stands for a secret wherever one is in a text."""
        return Scope(secrets=self._secrets).hide(text)

    def frozen(self, text: str, variables: Mapping[str, object] | None = None) -> str:
        """Give the values that the variables in a text have now, without secrets, as a JSON object.

        A secret is also what looks like one, such as a token that an answer gave.
        """
        if "${" not in text:
            return "{}"
        from inspector_app.messages.secrets import secrets_in

        values: dict[str, object] = {}
        try:
            scope = self.scope(variables)
            for name in scope.names_in(text):
                if not name.startswith("env:") and name not in BUILT_IN:
                    values[name] = self.hide(scope.text(f"${{{name}}}"))
        except VariableError:
            return "{}"  # it cannot be sent either
        kept = {name: value for name, value in values.items() if not secrets_in({name: value})}
        return json.dumps(kept, ensure_ascii=False)


def usual_folder(remembered: str, config: Path) -> Path:
    """Give the folder of collections: the one that was chosen, else `./slipstream`, else the user's own."""
    if remembered:
        return Path(remembered)
    local = here() / LOCAL_FOLDER
    is_ours = local.is_dir() and not (local / "__init__.py").exists()  # the library has that name, too
    return local if is_ours else config / "collections"
