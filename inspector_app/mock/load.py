"""Loading a handler that a person named: `FILE.py`, `FILE.py:Class` or `package.module:Class`.

Owns the way from that name to a class that makes handlers, and every sentence about what can be wrong with
it. Loading runs the code in the file, so nothing but a name typed by the user may come here: never anything
from the wire, a capture or a theme.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from inspector_app.mock.modules import own_modules, read_afresh

if TYPE_CHECKING:
    from inspector_app.mock.faults.rules import FaultRule
    from slipstream import ProtocolHandler

    HandlerFactory = Callable[[], ProtocolHandler]

_PREFIX = "slipstream_handler_"
HOW_TO_NAME = "write FILE.py, FILE.py:Class or package.module:Class"


class HandlerFileError(Exception):
    """No handler can be made from that name; the text is one sentence for the user, with its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A loaded handler class, and what is needed to load it again."""

    name: str
    make: HandlerFactory
    folder: Path
    """Where it may import its neighbours from."""
    before: frozenset[str]
    """The modules that were there before it was first loaded."""

    @property
    def is_only_read(self) -> bool:
        """No: its code runs when it is loaded, and may want to be where the event loop is."""
        return False

    @property
    def files(self) -> frozenset[Path]:
        """The files that it is made of, as far as they are from its own folder."""
        return frozenset(own_modules(self.folder, self.before).values())

    @property
    def faults(self) -> tuple[FaultRule, ...]:
        """None: a handler of Python says nothing of the wire."""
        return ()

    @property
    def seed(self) -> int:
        """Nothing of it is left to chance."""
        return 1

    @property
    def suspects(self) -> frozenset[Path]:
        """The files in which an error may be mended that keeps a new version from being loaded."""
        return self.files | frozenset(self.folder.glob("*.py"))

    def again(self) -> Loaded:
        """Load it anew, with all that it imports from its folder. Raises `HandlerFileError`."""
        with read_afresh(self.folder, self.before):
            return _load(self.name, self.before)

    def notes_to(self, note: object) -> None:
        """Say nothing: what a handler of Python has to say, it logs."""

    async def end(self) -> None:
        """Do nothing: a handler ends with its connection."""


def load(name: str) -> Loaded:
    """Load the class that `name` points to. Raises `HandlerFileError`."""
    target = _split(name)[0]
    top = target.partition(".")[0]
    own = {top, f"{_PREFIX}{Path(target).stem}"}  # which somebody may have loaded before
    before = {module for module in sys.modules if module not in own and not module.startswith(f"{top}.")}
    return _load(name, frozenset(before))


def load_handler(name: str) -> HandlerFactory:
    """Give the class that `name` points to; calling it makes one handler, for one connection.

    Raises `HandlerFileError`.
    """
    return load(name).make


def _load(name: str, before: frozenset[str]) -> Loaded:
    target, class_name = _split(name)
    is_file = target.endswith(".py") or "/" in target or "\\" in target
    module = _load_file(Path(target)) if is_file else _import_module(target)
    chosen = _named_class(module, class_name, target) if class_name else _only_class(module, target)
    _require_no_arguments(chosen, target)
    return Loaded(name=name, make=chosen, folder=_folder_of(module, is_file=is_file), before=before)


def _folder_of(module: ModuleType, *, is_file: bool) -> Path:
    """Give the folder that the handler's file is in; of a module, the one its imports begin in."""
    path = Path(module.__file__ or ".").absolute()
    if is_file:
        return path.parent
    depth = module.__name__.count(".") + (path.name == "__init__.py")
    return path.parents[depth]


def _split(name: str) -> tuple[str, str | None]:
    target, colon, class_name = name.rpartition(":")
    if not colon:
        return name, None
    if class_name.isidentifier():
        return target, class_name
    if class_name == "":
        raise HandlerFileError(f"The handler name {name!r} ends in a colon: {HOW_TO_NAME}.")
    return name, None


def _load_file(path: Path) -> ModuleType:
    if path.is_dir():
        raise HandlerFileError(f"{path} is a folder, not a Python file: {HOW_TO_NAME}.")
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        raise HandlerFileError(f"There is no file {path}: check the path of the handler.") from None
    except OSError as error:
        raise HandlerFileError(f"Cannot read {path}: {error.strerror or error}.") from error
    try:
        code = compile(source, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise HandlerFileError(f"{path}:{error.lineno or 1}: not valid Python: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise HandlerFileError(f"{path}: not valid Python: {str(error) or 'nested too deeply'}.") from None
    module = ModuleType(f"{_PREFIX}{path.stem}")
    module.__file__ = str(path.absolute())
    _let_it_import(path.resolve().parent)
    sys.modules[module.__name__] = module  # dataclasses and pydantic look a class's module up there
    with _told_as_sentence(path):
        exec(code, module.__dict__)  # noqa: S102 - running the file that the user named is the purpose
    return module


def _import_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise HandlerFileError(f"{name!r} is neither a Python file nor a module: {HOW_TO_NAME}.")
    _let_it_import(Path.cwd())
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    except Exception as error:
        raise HandlerFileError(f"Cannot import {name}: {_told(error)}.") from error
    if found is None:
        raise HandlerFileError(f"There is no module {name}: {HOW_TO_NAME}.")
    with _told_as_sentence(Path(found.origin or name)):
        return importlib.import_module(name)


def _let_it_import(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@contextmanager
def _told_as_sentence(path: Path) -> Iterator[None]:
    """Turn whatever the loaded code raises into a `HandlerFileError` that names the line."""
    try:
        yield
    except SyntaxError as error:
        place = f"{error.filename or path}:{error.lineno or 1}"
        raise HandlerFileError(f"{place}: not valid Python: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        raise HandlerFileError(
            f"{_place(error, path)}: failed while it was loaded: {_told(error)}."
        ) from error


def _place(error: BaseException, path: Path) -> str:
    """Name the last line that ran of this file or of its neighbours."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        file = Path(frame.filename)
        neighbour = file.is_absolute() and file.is_relative_to(path.absolute().parent)
        if file == path or (neighbour and "site-packages" not in file.parts):
            return f"{file}:{frame.lineno}"
    return str(path)


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _handlers_in(module: ModuleType) -> list[type[ProtocolHandler]]:
    from slipstream import ProtocolHandler

    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, ProtocolHandler)
        and value is not ProtocolHandler
        and value.__module__ == module.__name__
    ]


def _only_class(module: ModuleType, target: str) -> type[ProtocolHandler]:
    found = _handlers_in(module)
    if not found:
        raise HandlerFileError(
            f"{target} has no handler: write a class derived from slipstream.ProtocolHandler in it."
        )
    if len(found) > 1:
        names = ", ".join(each.__name__ for each in found)
        raise HandlerFileError(
            f"{target} has several handlers ({names}): say which, as in {target}:{found[0].__name__}."
        )
    return found[0]


def _named_class(module: ModuleType, class_name: str, target: str) -> type[ProtocolHandler]:
    from slipstream import ProtocolHandler

    chosen = getattr(module, class_name, None)
    if chosen is None:
        names = ", ".join(each.__name__ for each in _handlers_in(module))
        raise HandlerFileError(
            f"{target} has no class {class_name}: it has "
            + (f"{names}." if names else "no class derived from slipstream.ProtocolHandler.")
        )
    if not isinstance(chosen, type) or not issubclass(chosen, ProtocolHandler):
        raise HandlerFileError(
            f"{class_name} in {target} is no handler: derive it from slipstream.ProtocolHandler."
        )
    return chosen


def _require_no_arguments(chosen: type[ProtocolHandler], target: str) -> None:
    try:
        inspect.signature(chosen).bind()
    except TypeError as error:
        raise HandlerFileError(
            f"{chosen.__name__} in {target} cannot be made without arguments ({error}): "
            "one is made for each connection, so give its parameters defaults."
        ) from None
    except ValueError:
        return  # no signature to read: only making one tells
