"""The density strip of the main screen: where in the whole capture matches, errors, marks and the view are.

Owns how often it is counted anew. Counting is the searches' matter; asking them costs little at any length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.widgets.density_strip import Density, DensityStrip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.screens.main import MainScreen
    from inspector_app.viewer.matches import Matches
    from inspector_app.viewer.state import ViewState

COUNTED_NS = 250_000_000


class Overview:
    """Keeps the strip of a main screen up to date."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self._counted_ns = -COUNTED_NS
        self._density = Density()
        self._key: tuple[object, ...] = ()

    @property
    def _view(self) -> ViewState:
        return self._main.view

    def warm_up(self) -> None:
        """Read in a thread what the filter language needs, then begin to look for errors."""
        from inspector_app.viewer.filtering import ERRORS, find_wrong

        find_wrong(ERRORS)
        self._main.app.call_from_thread(self._view.filtering.look_for_errors)

    def refresh(self, now_ns: int) -> None:
        """Draw what is known now."""
        if self._view.view != "frames":
            return
        strip = self._main.query_one(DensityStrip)
        buckets = strip.buckets
        key = self._state(buckets)
        if key != self._key and now_ns - self._counted_ns >= COUNTED_NS:
            self._key, self._counted_ns = key, now_ns
            self._density = self._count(buckets)
        counted = self._density
        strip.show(Density(counted.matches, counted.errors, counted.marks, self._seen(buckets)))

    def _state(self, buckets: int) -> tuple[object, ...]:
        filtering, marks = self._view.filtering, self._view.marks.seqs
        hunts = (filtering.filter, filtering.highlight, filtering.errors)
        return (
            buckets,
            self._view.frame_count,
            *(id(hunt.matches) for hunt in hunts),
            *(hunt.matches.generation if hunt.matches is not None else 0 for hunt in hunts),
            len(marks),
            hash(tuple(marks[:100])),
        )

    def _count(self, buckets: int) -> Density:
        filtering, frames = self._view.filtering, self._view.frame_count
        matches = filtering.highlight.matches or filtering.filter.matches
        return Density(
            matches=_density(matches, buckets, frames),
            errors=_density(filtering.errors.matches, buckets, frames),
            marks=frozenset((seq - 1) * buckets // frames for seq in self._view.marks.seqs if seq <= frames),
        )

    def _seen(self, buckets: int) -> tuple[int, int]:
        frames, shown, total = self._view.frames, self._main.list_of("frames"), self._view.frame_count
        first = frames.seq_at(shown.top)
        last = frames.seq_at(min(shown.top + shown.page, frames.count) - 1)
        if first is None or last is None:
            return 0, 0
        return (first - 1) * buckets // total, (last - 1) * buckets // total + 1

    def go_to(self, share: float) -> None:
        """Go to the frame at a share of the whole, or the next one that is shown."""
        view = self._view
        seq = int(share * view.frame_count) + 1
        self._main.list_of("frames").move_to(view.frames.index_of(seq))


def _density(matches: Matches | None, buckets: int, frames: int) -> Sequence[int]:
    if matches is None or not buckets or not frames:
        return ()
    return tuple(matches.density(buckets, frames))
