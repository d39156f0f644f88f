"""The numbers of matching frames: a list that grows at both ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inspector_app.capture.matches import Matches


@given(
    st.sets(st.integers(1, 60)),
    st.integers(0, 61),
    st.integers(-3, 63),
    st.integers(-3, 63),
    st.integers(1, 7),
    st.integers(0, 70),
)
def test_matches_are_a_sorted_list(
    seqs: set[int], middle: int, offset: int, count: int, buckets: int, frames: int
) -> None:
    made = Matches()
    older = sorted((seq for seq in seqs if seq < middle), reverse=True)
    newer = sorted(seq for seq in seqs if seq >= middle)
    made.put_in_front(older[: len(older) // 2])
    made.put_behind(newer[: len(newer) // 2])
    made.put_in_front(older[len(older) // 2 :])
    made.put_behind(newer[len(newer) // 2 :])
    all_ = sorted(seqs)
    assert len(made) == len(all_)
    assert made.seqs(0, 100) == all_
    first = max(0, offset)
    assert made.seqs(offset, count) == all_[first : max(first, offset + max(0, count))]
    assert made.index_of(offset) == len([seq for seq in all_ if seq < offset])
    shares = made.density(buckets, frames)
    for share, number in enumerate(shares):
        low, high = frames * share // buckets, frames * (share + 1) // buckets
        assert number == len([seq for seq in all_ if low < seq <= high])


def test_a_million_matches_take_eight_megabytes() -> None:
    made = Matches()
    made.put_in_front(range(1_000_000, 0, -1))
    assert made._older.itemsize * len(made._older) == 8_000_000
