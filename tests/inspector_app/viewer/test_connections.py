from pathlib import Path

from tests.inspector_app.recordings import START_NS, Recording, S
from tests.inspector_app.viewer.views import live_view, open_view, texts

TIME, CONN, OLD, NEW, SPENT, CODE, REASON, AFTER = range(8)


def test_a_transition_tells_states_code_reason_and_the_frame_before_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2)
    recording.state("CONNECTED", "LOST", code=1006, reason="the socket broke")
    row = texts(open_view(recording.close()).transitions)[1]
    assert row[CONN] == "1"
    assert (row[OLD], row[NEW]) == ("CONNECTED", "↯ LOST")
    assert (row[CODE], row[REASON], row[AFTER]) == ("1006", "the socket broke", "4")


def test_the_time_spent_in_a_state_ends_with_the_next_transition_of_that_connection(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect(1)
    entered = recording.now_ns
    recording.connect(2, me="second")
    recording.at((entered - START_NS) // 1_000_000 + 2490).state("CONNECTED", "CLOSED", code=1000)
    rows = texts(open_view(recording.close()).transitions)
    assert [row[SPENT] for row in rows if row[CONN] == "1"] == ["2.5 s", "-"]


def test_the_time_in_the_present_state_goes_on(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    view = live_view(recording.path)
    view.tick(recording.now_ns + 3 * S)
    assert texts(view.transitions)[0][SPENT] == "3 s"
    view.tick(recording.now_ns + 65 * S)
    assert texts(view.transitions)[0][SPENT] == "1m 05s"


def test_a_finding_tells_its_frame_rule_section_and_text(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(1).raw("in", "{nonsense")
    view = open_view(recording.close())
    (row,) = texts(view.findings)
    assert row[0] == "3"
    assert row[3].startswith("§")
    assert all(row)


def test_a_transition_and_a_finding_are_given_as_records(tmp_path: Path) -> None:
    view = open_view(Recording(tmp_path).connect().raw("in", "[]").close())
    transition, finding = view.transitions.row(0), view.findings.row(0)
    assert transition is not None
    assert transition[0].new == "CONNECTED"
    assert finding is not None
    assert finding.seq == 1
    assert view.findings.row(1) is None
    assert view.findings.row(None) is None
