"""Finding frames from the main screen: the filter, what is highlighted, going to places.

Owns what each of these commands does. What is asked and what was found is in `viewer.filtering`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.display import formats
from inspector_app.display.lines import Part
from inspector_app.screens.base import notify
from inspector_app.screens.wishes import Remember
from inspector_app.viewer.filter_book import Offer
from inspector_app.viewer.filtering import Hunt, StillSearchingError

if TYPE_CHECKING:
    from textual.widget import AwaitMount

    from inspector_app.capture.filter import Known
    from inspector_app.screens.filter_pane import FilterPane
    from inspector_app.screens.main import MainScreen
    from inspector_app.viewer.places import Place
    from inspector_app.viewer.state import ViewState
    from inspector_app.viewer.terms import Term
    from inspector_app.widgets.row_list import RowList


class Finding:
    """Carries out the commands of the group Find for a main screen."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self._known: Known | None = None
        self._panes: tuple[FilterPane, ...] = ()
        self._problem = ""
        self._awaited_step = 0

    @property
    def _view(self) -> ViewState:
        return self._main.view

    @property
    def _list(self) -> RowList:
        return self._main.list_of("frames")

    @property
    def panes(self) -> tuple[FilterPane, ...]:
        """The bars that the filter and what is highlighted are typed in; none before `complete`."""
        return tuple(pane for pane in self._panes if pane.is_mounted)

    def complete(self) -> AwaitMount:
        """Put in the two bars. The first paint does not wait for them, any command does."""
        from inspector_app.screens.filter_pane import FilterPane

        self._panes = tuple(
            FilterPane(sign, self.offers, id=name)
            for sign, name in (("/", "filter-pane"), ("»", "highlight-pane"))
        )
        return self._main.query_one("#lists").mount(*self._panes, before="#frames-and-density")

    def _hunt(self, pane: FilterPane) -> Hunt:
        filtering = self._view.filtering
        return filtering.filter if pane.id == "filter-pane" else filtering.highlight

    # -- typing -------------------------------------------------------------------------------------------

    def do_filter(self) -> None:
        """Type a filter."""
        self._open(0)

    def do_highlight(self) -> None:
        """Type what is to be highlighted."""
        self._open(1)

    def _open(self, place: int) -> None:
        pane = self.panes[place]
        hunt = self._hunt(pane)
        self._main.change_view("frames")
        hunt.before = hunt.source
        reader = self._view.reader
        if reader is not None:
            from inspector_app.viewer.known import known_of

            self._known = known_of(reader, self._view.frame_count)
        self._main.add_class("-finding")
        pane.open(hunt.source)
        self.show()

    def typed(self, pane: FilterPane, text: str) -> None:
        """Look for what is typed by now."""
        self._awaited_step = 0
        if pane.id == "filter-pane":
            self.filter_by(text)
        else:
            self._view.filtering.ask_highlight(text)
            self._main.redraw()

    def left(self, pane: FilterPane, text: str, *, keep: bool) -> None:
        """Keep what was typed, or go back to what was there before."""
        hunt = self._hunt(pane)
        if keep and hunt.wrong is not None:
            notify(self._main.app, f"{hunt.wrong.text} Esc brings the old filter back.", "warning")
            return
        if not keep:
            text = hunt.before
            self.typed(pane, text)
        elif text.strip():
            self._remember_used(text.strip())
        pane.rest(text.strip())
        self._main.remove_class("-finding")
        self._list.focus()
        self.show()
        if keep and text.strip() and pane.id == "highlight-pane":
            self.do_next_match()

    def filter_by(self, text: str) -> None:
        """Show only frames that match; without a text all. What is wrong with it is said in the bar."""
        frames = self._view.frames
        frames.hold(self._list.cursor)
        if self._view.filtering.ask(text):
            frames.take_over()
            self._main.look_again_soon()
        self._main.redraw()

    def put_on(self, source: str) -> None:
        """Filter by what was chosen somewhere else than in the bar; in the frame list the focus stays."""
        if self._view.view != "frames":
            self._main.change_view("frames")
        self.filter_by(source)
        wrong = self._view.filtering.filter.wrong
        if wrong is not None:
            notify(self._main.app, wrong.text, "warning")
            self._view.filtering.filter.wrong = None
            return
        self._remember_used(source)
        self._rest()

    def do_unfilter(self) -> None:
        """Step back: from a cell to its row, from a filter to all frames, then from what is highlighted."""
        if self._list.cell is not None:
            self._list.choose_cell(None)
        elif self._view.filtering.filter.source:
            self.lift()
        elif self._view.filtering.highlight.source:
            self._awaited_step = 0
            self._view.filtering.ask_highlight("")
            self._rest()

    def lift(self) -> None:
        """Show all frames."""
        self.filter_by("")
        self._rest()

    def _rest(self) -> None:
        for pane in self.panes:
            pane.rest(self._hunt(pane).source)
        self._main.redraw()

    # -- what the bars say --------------------------------------------------------------------------------

    def show(self) -> None:
        """Bring both bars up to date, and make the step that waited for a match to be found."""
        if self._awaited_step:
            self._step_match(self._awaited_step)
        for pane in self.panes:
            hunt = self._hunt(pane)
            shown = self._view.view == "frames" and (pane.is_open or bool(hunt.source))
            pane.styles.display = "block" if shown else "none"
            if shown:
                pane.show(_found(hunt), hunt.wrong)
            problem = hunt.matches.problem if hunt.matches is not None else ""
            if problem and problem != self._problem:
                notify(self._main.app, problem, "warning")
            self._problem = problem or self._problem

    def offers(self, text: str, cursor: int) -> Sequence[Offer]:
        """Give what may be typed: of the language, and while nothing is typed the filters that are kept."""
        if not text.strip():
            return self._view.book.offers(len(text))
        if self._known is None:
            return ()
        from inspector_app.capture.filter import complete

        return [
            Offer(each.text, each.start, each.end, each.help) for each in complete(text, cursor, self._known)
        ]

    # -- filters that are kept ----------------------------------------------------------------------------

    def _remember_used(self, source: str) -> None:
        self._view.book = self._view.book.used(source)
        self._main.post_message(Remember(recent=self._view.book.recent))

    def do_save_filter(self) -> None:
        """Save the filter under a name."""
        from inspector_app.screens.prompts import Prompt

        source = self._view.filtering.filter.source

        def save(name: str | None) -> None:
            if name:
                self._view.book = self._view.book.with_saved(name, source)
                self._main.post_message(Remember(filters=self._view.book.saved))

        prompt = Prompt("Save this filter as", placeholder="a name", check=self._view.book.why_no_name)
        self._main.app.push_screen(prompt, save)

    def do_filters(self) -> None:
        """Choose one of the saved and recent filters."""
        from inspector_app.screens.filter_list import FilterList

        def chosen(source: str | None) -> None:
            if source:
                self.put_on(source)

        self._main.app.push_screen(FilterList(self._view), chosen)

    # -- only this, not this ------------------------------------------------------------------------------

    def do_only(self) -> None:
        """Show only what has the value of the chosen cell."""
        self._narrow(negate=False)

    def do_not_this(self) -> None:
        """Leave out what has the value of the chosen cell."""
        self._narrow(negate=True)

    def _narrow(self, *, negate: bool) -> None:
        frame, raw = self._view.selection.frame, self._view.selection.raw()
        if frame is None or raw is None:
            return
        from inspector_app.viewer.terms import term_of, terms_of

        cell = self._list.cell
        if cell is None:
            from inspector_app.screens.term_list import TermList

            title = f"{'Not' if negate else 'Only'} frames with the same"
            chosen = partial(self._add_term, negate=negate)
            self._main.app.push_screen(TermList(title, terms_of(frame, raw)), chosen)
            return
        key = self._view.columns[cell].key
        term = term_of(frame, key, raw, self._view.marks.note(frame.seq) or "")
        if term is None:
            notify(
                self._main.app,
                "This cell is no part of a filter: choose another one with ← and →.",
                "warning",
            )
            return
        self._add_term(term, negate=negate)

    def _add_term(self, term: Term | None, *, negate: bool) -> None:
        if term is not None:
            from inspector_app.capture.filter import FilterError, only

            try:
                written = only(term.field, term.value, negate=negate)
            except FilterError as error:
                notify(self._main.app, error.text, "warning")
                return
            self.add(written)

    def add(self, term: str) -> None:
        """Filter further: a term of the filter language must hold, too."""
        from inspector_app.viewer.terms import added

        self.put_on(added(self._view.filtering.filter.source, term))

    # -- going to places ----------------------------------------------------------------------------------

    def do_next_match(self) -> None:
        """Go to the next highlighted frame."""
        self._step_match(1)

    def do_previous_match(self) -> None:
        """Go to the highlighted frame before."""
        self._step_match(-1)

    def _step_match(self, step: int) -> None:
        """Go on by a match, at once or as soon as it is known which one is next."""
        self._awaited_step = 0
        hunt, origin = self._view.filtering.highlight, self._view.selection.origin
        if not hunt.source:
            self.do_highlight()
            return
        try:
            seq = self._view.filtering.next_match(origin or 0, step)
        except StillSearchingError:
            self._awaited_step = step
            return
        if seq is not None:
            self._main.go_to_frame(seq)
        else:
            notify(self._main.app, f"No further match {'below' if step > 0 else 'above'}.")

    def do_go_to(self) -> None:
        """Ask for a frame's number or a time and go there."""
        from inspector_app.screens.prompts import Prompt
        from inspector_app.viewer.places import EXAMPLES, Here, PlaceError, read_place

        view = self._view
        chosen = view.selection.frame
        here = Here(view.frame_count, view.start_ns, chosen.time_ns if chosen else None)

        def check(typed: str) -> str:
            try:
                read_place(typed, here)
            except PlaceError as error:
                return str(error)
            return ""

        def go(typed: str | None) -> None:
            if typed:
                self._go_to_place(read_place(typed, here))

        title = f"Go to frame (1 to {view.frame_count}) or time"
        self._main.app.push_screen(Prompt(title, placeholder=EXAMPLES, check=check), go)

    def _go_to_place(self, place: Place) -> None:
        if place.seq is not None:
            self._main.go_to_frame(place.seq)
            return
        reader = self._view.reader
        if reader is None or place.time_ns is None:
            return
        from inspector_app.viewer.places import seq_at

        try:
            seq = seq_at(reader, place.time_ns, self._view.frame_count)
        except CaptureError as error:
            self._view.report(str(error))
            return
        self._main.change_view("frames")
        self._list.move_to(self._view.frames.index_of(seq))

    def do_request(self) -> None:
        """Go to the frame that opened the exchange."""
        exchange = self._view.target
        if exchange is not None:
            self._main.go_to_frame(exchange.opened_seq)

    def do_answer(self) -> None:
        """Go to the first frame of the other side in the exchange."""
        exchange = self._view.target
        seq = self._view.selection.answer() if exchange is not None else None
        if seq is None:
            notify(self._main.app, "It has not been answered yet.", "warning")
        else:
            self._main.go_to_frame(seq)


def _found(hunt: Hunt) -> list[Part]:
    matches = hunt.matches
    if matches is None:
        return []
    count = f"{formats.count(matches.count)} {'match' if matches.count == 1 else 'matches'}"
    if matches.problem:
        return [(count, "emphasis"), ("  stopped", "severity-problem")]
    if matches.share >= 1:
        return [(count, "emphasis")]
    return [(count, "emphasis"), (f"  {int(matches.share * 100)}% looked at", "muted")]
