from pathlib import Path

from inspector_app.viewer.lessons import Lessons
from inspector_app.viewer.operations import Operation
from tests.inspector_app.recordings import Recording, S
from tests.inspector_app.viewer.views import live_view

QUOTE = Operation(name="get_quote", kind="request_response", described=False)
OTHER = Operation(name="other", kind="request_response", described=False)


def test_what_is_looked_at_is_learned_once_and_again_after_many_new_calls(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(4).commit()
    view = live_view(recording.path)
    view.tick(S)
    lessons = Lessons(view)
    assert lessons.of(QUOTE) is None
    assert lessons.due(QUOTE, 1 * S)
    assert not lessons.due(QUOTE, 1 * S), "it is being learned"
    assert lessons.learn()()
    learned = lessons.of(QUOTE)
    assert learned is not None
    assert learned.params.count == 4
    assert not lessons.due(QUOTE, 10 * S), "there is nothing new"
    recording.request(4).commit()
    assert not lessons.due(QUOTE, 20 * S), "one frame is not many"
    recording.calls(10, first=5).commit()
    assert not lessons.due(QUOTE, 20 * S + 1), "it was looked a moment ago"
    assert lessons.due(QUOTE, 30 * S)
    assert lessons.learn()()
    again = lessons.of(QUOTE)
    assert again is not None
    assert again.params.count == 15
    view.close()
    recording.close()


def test_a_description_that_comes_later_is_compared_at_once(tmp_path: Path) -> None:
    view = live_view(Recording(tmp_path).connect().calls(1).close())
    view.tick(S)
    lessons = Lessons(view)
    assert lessons.due(QUOTE, S)
    lessons.learn()()
    described = Operation(
        name="get_quote", kind="request_response", params={"type": "object", "properties": {"id": {}}}
    )
    assert lessons.due(described, S)
    lessons.learn()()
    learned = lessons.of(described)
    assert learned is not None
    assert [(each.path, each.what) for each in learned.params_drift] == [("data.symbol", "is not described")]
    view.close()


def test_what_is_not_looked_at_any_more_is_kept_but_not_shown(tmp_path: Path) -> None:
    view = live_view(Recording(tmp_path).connect().calls(1).close())
    view.tick(S)
    lessons = Lessons(view)
    assert lessons.due(QUOTE, S)
    take_over = lessons.learn()
    assert not lessons.due(OTHER, S), "one is learned at a time"
    assert not take_over()
    assert lessons.of(QUOTE) is not None
    assert lessons.due(OTHER, S)
    view.close()
    assert not lessons.learn()(), "the capture is not looked at any more"
