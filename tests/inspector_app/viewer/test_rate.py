from inspector_app.viewer.rate import RateMeter
from tests.inspector_app.recordings import MS, S


def test_there_is_no_rate_before_two_samples() -> None:
    meter = RateMeter()
    meter.sample(0, 500)
    assert meter.per_second == 0.0


def test_the_rate_is_what_the_counter_grew_by_in_a_second() -> None:
    meter = RateMeter()
    for step in range(11):
        meter.sample(step * 100 * MS, step * 5)
    assert meter.per_second == 50.0


def test_only_the_last_two_seconds_count() -> None:
    meter = RateMeter()
    for step in range(31):
        meter.sample(step * 100 * MS, 1000 if step else 0)
    assert meter.per_second == 0.0


def test_a_rate_falls_to_nothing_when_nothing_comes() -> None:
    meter = RateMeter()
    meter.sample(0, 0)
    meter.sample(S, 100)
    assert meter.per_second == 100.0
    for step in range(1, 40):
        meter.sample(S + step * 100 * MS, 100)
    assert meter.per_second == 0.0


def test_samples_come_in_thirty_times_a_second_without_being_kept() -> None:
    meter = RateMeter()
    for step in range(300):
        meter.sample(step * 33 * MS, step)
    assert len(meter._samples) < 30
    assert 29 < meter.per_second < 32
