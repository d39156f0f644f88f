"""What can be done with a capture on the home screen: another name, a note, a pin, or away with it.

Owns the questions that are asked. What is done then is `capture.keeping`'s, in a thread: a disk may be slow.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture import keeping
from inspector_app.capture.errors import CaptureError
from inspector_app.capture.files import NOTE_LENGTH, SUFFIX, RecentCapture, recent_captures
from inspector_app.capture.keeping import Keep
from inspector_app.display import formats
from inspector_app.screens.base import notify
from inspector_app.screens.prompts import Confirm, Prompt
from inspector_app.screens.wishes import Remember

if TYPE_CHECKING:
    from inspector_app.screens.home import HomeScreen
    from inspector_app.settings import Settings


def rename(home: HomeScreen, capture: RecentCapture) -> None:
    """Ask for another name."""

    def named(name: str | None) -> None:
        if name:
            _do(home, lambda: keeping.rename_capture(capture.path, name), "")

    prompt = Prompt(
        "Rename the capture to", value=capture.path.stem, check=lambda name: _taken(capture.path, name)
    )
    home.app.push_screen(prompt, named)


def _taken(path: Path, name: str) -> str:
    if not name or "/" in name or name.startswith("."):
        return "Type a name without / that does not begin with a dot."
    target = path.with_name(name if name.endswith(SUFFIX) else f"{name}{SUFFIX}")
    return f"{target.name} exists already: type another name." if target != path and target.exists() else ""


def note(home: HomeScreen, capture: RecentCapture) -> None:
    """Ask for a line about it."""

    def noted(text: str | None) -> None:
        if text is not None:
            _do(home, lambda: keeping.set_note(capture.path, text), "")

    prompt = Prompt(
        "Note on the capture, kept in it; empty takes it away",
        value=capture.note,
        check=lambda text: (
            "" if len(text) <= NOTE_LENGTH else f"A note has {NOTE_LENGTH} characters at most."
        ),
    )
    home.app.push_screen(prompt, noted)


def pin(home: HomeScreen, capture: RecentCapture) -> None:
    """Keep it from being removed for its age, or no more."""
    said = "No longer pinned." if capture.pinned else "Pinned: it is never removed by itself."
    _do(home, lambda: keeping.set_pinned(capture.path, not capture.pinned), said)


def delete(home: HomeScreen, capture: RecentCapture) -> None:
    """Remove it, after asking."""

    def answered(sure: bool | None) -> None:
        if sure:
            _do(home, lambda: keeping.delete_capture(capture.path), f"{capture.path.name} is deleted.")

    frames = f"{formats.count(capture.frames)} frame{'' if capture.frames == 1 else 's'}"
    pinned = " It is pinned." if capture.pinned else ""
    question = (
        f"{capture.path.name}: {frames}, {formats.size(capture.size_bytes)}.{pinned} It cannot be undone."
    )
    home.app.push_screen(Confirm("Delete the capture for good?", question, "Delete"), answered)


DOINGS = {"rename": rename, "note": note, "pin": pin, "delete": delete}
"""What can be done with a capture, by name."""


def _do(home: HomeScreen, what: Callable[[], object], said: str) -> None:
    def work() -> None:
        try:
            what()
        except CaptureError as error:
            home.app.call_from_thread(notify, home.app, str(error), "error")
        else:
            if said:
                home.app.call_from_thread(notify, home.app, said)
        home.app.call_from_thread(home.look_for_captures)

    home.run_worker(work, thread=True, group="managing")


# -- what is kept -----------------------------------------------------------------------------------------


def keep(home: HomeScreen, settings: Settings) -> None:
    """Ask for how long captures are kept, and how many bytes of them; before anything goes, say what."""
    from inspector_app.screens.keep_form import KeepForm

    def chosen(wanted: Keep | None) -> None:
        if wanted is not None:
            home.run_worker(lambda: _preview(home, wanted), thread=True, group="managing")

    home.app.push_screen(KeepForm(keeping.keep_of(settings)), chosen)


def _preview(home: HomeScreen, wanted: Keep) -> None:
    try:
        going = keeping.going_now(recent_captures(None), wanted)
    except CaptureError as error:
        home.app.call_from_thread(notify, home.app, str(error), "error")
        return
    home.app.call_from_thread(_remember, home, wanted, going)


def _remember(home: HomeScreen, wanted: Keep, going: list[RecentCapture]) -> None:
    def answered(sure: bool | None) -> None:
        if sure:
            megabytes = -(-wanted.size_bytes // keeping.MEGABYTE)
            home.post_message(Remember(keep_days=wanted.days, keep_megabytes=megabytes))

    if not going:
        answered(True)
        return
    size = formats.size(sum(each.size_bytes for each in going))
    count = f"{formats.count(len(going))} capture{'' if len(going) == 1 else 's'}"
    question = f"{count} ({size}) would go at once, from {going[0].path.name} on. Pinned ones stay."
    home.app.push_screen(Confirm("Keep no more than that?", question, "Remove"), answered)
