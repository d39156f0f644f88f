"""The export dialog: what, in which format, redacted how, where to; a preview first, and progress to the end.

Owns the fields and how an export under way is told. What is done, and how far it is, is `viewer.taking`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Button, Checkbox, Input, Select, Static

from inspector_app.capture.excerpt import Selection
from inspector_app.capture.formats.known import FORMATS, Format, format_of_ending
from inspector_app.capture.redaction.told import times
from inspector_app.display.inert import inert
from inspector_app.screens.base import Dialog, notify
from inspector_app.screens.start_forms import Tick
from inspector_app.typed_path import here, typed_path, why_not
from inspector_app.viewer.taking import Taking

_TICK_S = 1 / 15
_SETTLED_S = 0.3
"""How long typing must rest before the preview is made anew."""
_BAR = 30
_MOST_SECRETS = 6
_BESIDE = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to what is taken."""

    title: str
    selection: Selection


class ExportForm(Dialog[None]):
    """Asks how to take a capture away, and does it. `choices`: what may be taken, the first by default."""

    CSS = """
    ExportForm { align: center middle; }
    ExportForm #export {
        width: 96%; max-width: 92; height: auto; max-height: 100%;
        background: $background; border: round $border; padding: 0 1;
        border-title-color: $emphasis; border-subtitle-color: $text-muted;
    }
    ExportForm #export-fields { height: auto; }
    ExportForm Horizontal { height: auto; }
    ExportForm Select { width: 1fr; }
    ExportForm Input {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1; width: 1fr;
    }
    ExportForm Input:focus { border: round $border; }
    ExportForm #told { height: auto; padding: 0 1; color: $text-muted; }
    ExportForm #state { height: auto; min-height: 1; padding: 0 1; }
    ExportForm #state.-failed { color: $text-error; }
    """

    def __init__(self, capture: Path, choices: list[Choice], filter_text: str = "") -> None:
        super().__init__()
        self._choices = choices
        self._filter_text = filter_text
        self._taking = Taking(capture)
        self._target = here() / f"{capture.stem}.jsonl"
        self._drawn = -1
        self._replace = self._why = ""
        self._settling: Timer | None = None

    def compose(self) -> ComposeResult:
        """Give the fields, the preview, how far it is, and the buttons."""
        with Vertical(id="export"):
            with VerticalScroll(id="export-fields"):
                with Horizontal():
                    yield Select(
                        [(each.title, each.name) for each in FORMATS.values()],
                        value="jsonl",
                        allow_blank=False,
                        id="format",
                    )
                    yield Select(
                        [(Content(inert(each.title)), place) for place, each in enumerate(self._choices)],
                        value=0,
                        allow_blank=False,
                        id="what",
                    )
                yield self._field("filter", "Only frames that match this filter", self._filter_text)
                yield self._field("target", "File", str(self._target))
                yield Tick("Replace tokens, passwords, mail addresses and cards", True, id="redact")
                yield Static(id="told", markup=False)
            yield Static(id="state", markup=False)
            with Horizontal():
                yield Button("Export", id="go", variant="primary")
                yield Button("Close", id="close")

    def _field(self, name: str, title: str, value: str) -> Input:
        made = Input(value, id=name, select_on_focus=False)
        made.border_title = Content(title)
        return made

    def on_mount(self) -> None:
        """Make the first preview."""
        box = self.query_one("#export")
        box.border_title, box.border_subtitle = "Export", "Enter exports, Esc leaves"
        self.query_one("#target", Input).focus()
        self._look()
        self.set_interval(_TICK_S, self._draw)

    def on_resize(self) -> None:
        """Have the fields scroll, rather than what is told and the buttons."""
        self.query_one("#export-fields").styles.max_height = max(3, self.size.height - _BESIDE)

    def on_unmount(self) -> None:
        """Leave nothing half done."""
        self._taking.cancel()

    # -- what is asked -------------------------------------------------------------------------------------

    @property
    def _format(self) -> Format:
        return FORMATS[str(self.query_one("#format", Select).value)]

    def _selection(self) -> Selection:
        chosen = self._choices[int(str(self.query_one("#what", Select).value))].selection
        typed = self.query_one("#filter", Input).value
        return Selection(filter=typed, exchanges=chosen.exchanges, frames=chosen.frames)

    def _look(self) -> None:
        from inspector_app.capture.redaction import DEFAULT_RULES

        if self._taking.stage != "writing":
            redact = self.query_one("#redact", Checkbox).value
            self._taking.look(self._selection(), DEFAULT_RULES if redact else None)

    def on_select_changed(self, event: Select.Changed) -> None:
        """Give the file the ending of its format; look anew at what is taken."""
        event.stop()
        if event.select.id == "what":
            self._look()
            return
        target = self.query_one("#target", Input)
        if format_of_ending(target.value) not in (None, self._format):
            target.value = str(Path(target.value).with_suffix(self._format.endings[0]))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look anew, once typing rests; take the format that the ending of the file tells."""
        event.stop()
        self._replace = self._why = ""
        self._drawn = -1
        told = format_of_ending(event.value)
        if event.input.id == "filter":
            self._settle()
            self._settling = self.set_timer(_SETTLED_S, self._look)
        elif told is not None:
            self.query_one("#format", Select).value = told.name

    def _settle(self) -> None:
        if self._settling is not None:
            self._settling.stop()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """Look anew."""
        event.stop()
        self._look()

    # -- doing it ------------------------------------------------------------------------------------------

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Export."""
        event.stop()
        self._go()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Export, cancel what is being done, or leave."""
        event.stop()
        if event.button.id == "go":
            self._go()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Give up what is being written; leave, when nothing is."""
        if self._taking.stage == "writing":
            self._taking.cancel()
        else:
            self.dismiss(None)

    def _go(self) -> None:
        if self._taking.stage == "writing":
            return
        target = typed_path(self.query_one("#target", Input).value.strip())
        self._why = why_not(lambda: self._check(target))
        self._drawn = -1
        if self._why:
            return
        self._settle()
        self._look()
        self._taking.write(target, self._format)

    def _check(self, target: Path) -> str:
        """Say what is wrong with the target; a file that exists is replaced by pressing Enter again."""
        if not target.name:
            return "Type the path of a file."
        if not target.absolute().parent.is_dir():
            return f"There is no folder {target.parent}: make it first."
        if target.exists() and self._replace != str(target):
            if not target.is_file() or target.samefile(self._taking.capture):
                return f"{target} cannot be replaced: type another name."
            self._replace = str(target)
            return f"{target} exists already: Enter again replaces it, or type another name."
        return ""

    # -- drawing -------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        taking = self._taking
        if taking.generation == self._drawn:
            return
        self._drawn = taking.generation
        self.query_one("#close", Button).label = "Cancel" if taking.stage == "writing" else "Close"
        if taking.stage == "written":
            told = taking.told
            notify(self.app, f"Written to {self.query_one('#target', Input).value.strip()}.")
            if told is not None and told.on:
                notify(self.app, told.sentence())
            self.dismiss(None)
            return
        if taking.stage in ("ready", "looking"):
            self.query_one("#told", Static).update(Content(inert(self._preview(), keep_newlines=True)))
        self._say(self._why or self._state(), failed=bool(self._why) or taking.stage == "failed")

    def _state(self) -> str:
        taking = self._taking
        match taking.stage:
            case "looking":
                return f"Looking   {_bar(taking.share)}"
            case "writing":
                return f"Writing   {_bar(taking.share)}"
            case "cancelled":
                return "Cancelled: nothing was written."
            case "failed":
                return taking.problem
            case _:
                return f"{taking.frames:,} frame{'' if taking.frames == 1 else 's'} will be written."

    def _preview(self) -> str:
        told = self._taking.told
        if self._taking.stage == "looking" or told is None:
            return ""
        if not told.on:
            return told.sentence()
        lines = [
            f"{each.placeholder}  {each.hint}  {each.rules[0]}, {times(each.count)}, "
            f"first in {each.places[0]}"
            for each in told.secrets[:_MOST_SECRETS]
        ]
        if not lines:
            return "No rule finds anything to replace."
        more = len(told.secrets) - len(lines)
        if more or told.beyond:
            lines.append(f"and {more:,} more")
        return "\n".join(["Will be replaced, and wherever else the same text stands:", *lines])

    def _say(self, text: str, *, failed: bool) -> None:
        state = self.query_one("#state", Static)
        state.set_class(failed, "-failed")
        state.update(Content(inert(text)))


def _bar(share: float) -> str:
    full = int(share * _BAR)
    return f"{'█' * full}{'·' * (_BAR - full)} {share:4.0%}"
