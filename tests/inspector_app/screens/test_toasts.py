"""What repeats is told once, with a count, and never covers the list."""

from __future__ import annotations

from pathlib import Path

from textual.notifications import Notification

from inspector_app.screens.base import notify
from inspector_app.screens.toasts import Toasts
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import Stage, opened


def shown(stage: Stage) -> list[str]:
    """The toasts on the screen, as they are drawn."""
    return [str(toast.render()) for toast in stage.app.screen.query("Toast")]


async def test_a_problem_that_repeats_is_one_toast_with_a_count(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().request(0).close()) as stage:
        for number in range(50):
            notify(stage.app, f"It failed: KeyError: 'user {number}'.", "warning")
        await stage.until(lambda: shown(stage) == ["It failed: KeyError: 'user 49'. (50 times)"])
        await stage.until_shown("'user 49'. (50 times)")


async def test_toasts_make_room_for_the_view_they_send_to_and_may_come_again(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().request(0).close()) as stage:
        notify(stage.app, "Connection (4) shows how far it got.", "error")
        await stage.until(lambda: shown(stage))
        await stage.press("4")
        assert shown(stage) == []
        notify(stage.app, "Connection (4) shows how far it got.", "error")
        await stage.until(lambda: shown(stage) == ["Connection (4) shows how far it got."])


async def test_what_is_told_besides_has_a_toast_of_its_own(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().request(0).close()) as stage:
        for text, severity in (
            ("One.", "warning"),
            ("One.", "error"),
            ("Two.", "warning"),
            ("One.", "warning"),
        ):
            notify(stage.app, text, severity)
        await stage.until(lambda: sorted(shown(stage)) == ["One.", "One. (2 times)", "Two."])


def test_what_informs_of_another_number_is_something_else() -> None:
    toasts = Toasts()
    assert not toasts.repeats(Notification("Frame 1 is picked."))
    assert not toasts.repeats(Notification("Frame 2 is picked."))
    assert toasts.repeats(Notification("Frame 2 is picked."))


def test_what_is_gone_is_told_anew() -> None:
    toasts = Toasts()
    assert not toasts.repeats(Notification("It failed.", severity="error", timeout=0))
    again = Notification("It failed.", severity="error", timeout=60)
    assert not toasts.repeats(again)
    assert toasts.repeats(Notification("It failed.", severity="error"))
    assert again.message == "It failed. (2 times)"
