from inspector_app.viewer.pace import LONGEST_NS, SHARE, Pace
from tests.inspector_app.recordings import MS, S


def drawn(cost_ns: int, every_ns: int, seconds: int) -> int:
    """How often it is drawn, each time at a cost, when it is asked for at a rate."""
    pace, used_ns, times = Pace(), 0, 0
    for now_ns in range(S, S + seconds * S, every_ns):
        if pace.allows(now_ns, used_ns):
            times += 1
            used_ns += cost_ns
    return times


def test_what_costs_little_is_drawn_whenever_it_is_asked_for() -> None:
    assert drawn(5 * MS, 33 * MS, 1) == 31


def test_what_costs_more_is_drawn_less_often_and_takes_no_more_than_its_share() -> None:
    for cost_ns in (6 * MS, 10 * MS, 20 * MS):
        assert 0 < drawn(cost_ns, 33 * MS, 10) * cost_ns <= SHARE * 10 * S + cost_ns


def test_what_costs_all_there_is_is_still_drawn_a_few_times_a_second() -> None:
    assert drawn(S, 33 * MS, 10) >= 10 * S // (LONGEST_NS + 33 * MS)
