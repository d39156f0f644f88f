import json
from typing import Any

import pytest

from inspector_app.mock.faults.at_work import Faults
from inspector_app.mock.faults.plan import ConnectionFaults, Sending
from inspector_app.mock.faults.rules import FaultRule


def connection(*rules: FaultRule, seed: int = 1, number: int = 1) -> ConnectionFaults:
    return ConnectionFaults(Faults(rules, seed=seed), number)


def opens(faults: ConnectionFaults, number: int, operation: str = "quote", type: str = "request") -> None:  # noqa: A002
    faults.came(
        json.dumps(
            {"type": type, "requestId": ["c", number], "peerID": "c", "data": {"operation": operation}}
        )
    )


def answer(number: int, data: Any = None, type: str = "response") -> str:  # noqa: A002
    return json.dumps({"type": type, "requestId": ["c", number], "peerID": "s", "data": data})


def texts(sendings: list[Sending]) -> list[str | None]:
    return [sending.text for sending in sendings]


def asked(faults: ConnectionFaults, count: int, operation: str = "quote") -> list[bool]:
    """Answer so many requests one after the other; tell for which nothing was sent."""
    lost = []
    for number in range(count):
        opens(faults, number, operation)
        lost.append(texts(faults.decide(answer(number))) == [None])
    return lost


def test_without_rules_every_frame_is_sent() -> None:
    faults = connection()
    assert texts(faults.decide(answer(1))) == [answer(1)]


def test_an_answer_is_lost_and_said_to_be() -> None:
    faults = connection(FaultRule(do="lose", operation="quo*"))
    opens(faults, 1)
    (sending,) = faults.decide(answer(1, 5))
    assert sending.text is None
    assert sending.told == "The response of quote was not sent"
    assert sending.request_id == ("c", 1)
    assert faults.faults.all[0].hits == 1


@pytest.mark.parametrize(
    ("rule", "lost"),
    [
        (FaultRule(do="lose"), [True] * 6),
        (FaultRule(do="lose", on=False), [False] * 6),
        (FaultRule(do="lose", operation="other"), [False] * 6),
        (FaultRule(do="lose", kind="stream"), [False] * 6),
        (FaultRule(do="lose", peer=2), [False] * 6),
        (FaultRule(do="lose", peer=1), [True] * 6),
        (FaultRule(do="lose", nth=(2, 5)), [False, True, False, False, True, False]),
        (FaultRule(do="lose", every=3), [False, False, True, False, False, True]),
        (FaultRule(do="lose", times=2), [True, True, False, False, False, False]),
        (FaultRule(do="lose", frame="error"), [False] * 6),
    ],
)
def test_a_rule_says_which_frames(rule: FaultRule, lost: list[bool]) -> None:
    assert asked(connection(rule), 6) == lost


def test_chance_is_decided_by_the_seed() -> None:
    rule = FaultRule(do="lose", chance=0.5)
    first = asked(connection(rule), 200)
    assert first == asked(connection(rule), 200)
    assert first != asked(connection(rule, seed=2), 200)
    assert first != asked(connection(rule, number=2), 200)
    assert 60 < sum(first) < 140


def test_switching_one_rule_changes_nothing_for_another() -> None:
    rules = (FaultRule(name="a", do="repeat", nth=(1,)), FaultRule(name="b", do="lose", nth=(3,)))
    both = Faults(rules)
    alone = Faults(rules)
    assert alone.switch("a", False)
    assert not alone.switch("c", False)
    for faults in (both, alone):
        assert asked(ConnectionFaults(faults, 1), 4) == [False, False, True, False]


def test_the_third_item_is_delayed() -> None:
    faults = connection(FaultRule(do="delay", item=3, by="250ms"))
    opens(faults, 1, "watch", "stream_request")
    delays = [faults.decide(answer(1, n, "stream_data"))[0].delay_s for n in range(4)]
    assert delays == [0, 0, 0.25, 0]


def test_two_answers_get_each_others_data() -> None:
    faults = connection(FaultRule(do="swap"))
    opens(faults, 1)
    opens(faults, 2)
    (held,) = faults.decide(answer(1, "one"))
    assert (held.text, held.releases, held.delay_s) == (None, True, 1.0)
    sent = [json.loads(each.text or "") for each in faults.decide(answer(2, "two"))]
    assert [(each["requestId"][1], each["data"]) for each in sent] == [(1, "two"), (2, "one")]
    assert held.fault is not None
    assert faults.released(held.fault) == []


def test_an_answer_that_waits_in_vain_is_let_go() -> None:
    faults = connection(FaultRule(do="swap"))
    opens(faults, 1)
    (held,) = faults.decide(answer(1, "one"))
    assert held.fault is not None
    (late,) = faults.released(held.fault)
    assert (late.text, late.request_id) == (answer(1, "one"), ("c", 1))
    assert late.told == "The response of quote was sent late: no other answer came to swap it with"


@pytest.mark.parametrize(
    ("rule", "key", "changed"),
    [
        (FaultRule(do="unknown_type", type="nonsense"), "type", "nonsense"),
        (FaultRule(do="change_peer"), "peerID", None),
    ],
)
def test_one_field_is_changed_and_no_other(rule: FaultRule, key: str, changed: str | None) -> None:
    faults = connection(rule)
    opens(faults, 1)
    (sending,) = faults.decide(answer(1, {"a": "é"}))
    before, after = json.loads(answer(1, {"a": "é"})), json.loads(sending.text or "")
    assert after[key] != before[key]
    assert changed is None or after[key] == changed
    del before[key], after[key]
    assert before == after


def test_a_frame_is_cut_off_in_the_same_place_each_time() -> None:
    cuts = set()
    for _ in range(2):
        faults = connection(FaultRule(do="broken_json"))
        opens(faults, 1)
        (sending,) = faults.decide(answer(1, "some data"))
        assert sending.text is not None
        assert answer(1, "some data").startswith(sending.text)
        cuts.add(sending.text)
    assert len(cuts) == 1
    assert 0 < len(cuts.pop()) < len(answer(1, "some data"))


def test_a_stream_ends_without_its_end() -> None:
    faults = connection(FaultRule(do="no_end"))
    opens(faults, 1, "watch", "stream_request")
    assert texts(faults.decide(answer(1, 1, "stream_data"))) == [answer(1, 1, "stream_data")]
    assert texts(faults.decide(answer(1, None, "stream_end"))) == [None]


def test_a_rule_about_operations_leaves_other_frames_alone() -> None:
    for text in (
        '{"type": "fire_and_forget", "peerID": "s", "data": {"operation": "quote"}}',
        "no frame",
        answer(9),
    ):
        assert texts(connection(FaultRule(do="lose", operation="quote", frame="any")).decide(text)) == [text]
        if text != "no frame":
            assert texts(connection(FaultRule(do="lose", frame="any")).decide(text)) == [None]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector_app.mock.faults.plan.MOST_KNOWN", 3)
    faults = connection(FaultRule(do="lose"))
    for number in range(10):
        opens(faults, number)
    assert len(faults._known) == 3
    assert texts(faults.decide(answer(0))) == [answer(0)]
    assert texts(faults.decide(answer(9))) == [None]


@pytest.mark.parametrize("rule", [FaultRule(do="swap", times=1), FaultRule(do="swap", nth=(1,))])
def test_the_answer_that_one_is_swapped_with_needs_no_turn_of_its_own(rule: FaultRule) -> None:
    faults = connection(rule)
    for number in (1, 2, 3):
        opens(faults, number)
    assert texts(faults.decide(answer(1, "one"))) == [None]
    first, second = (json.loads(text or "") for text in texts(faults.decide(answer(2, "two"))))
    assert (first["data"], second["data"]) == ("two", "one")
    assert texts(faults.decide(answer(3, "three"))) == [answer(3, "three")]


def test_an_answer_waits_for_its_own_time_though_one_before_it_was_swapped() -> None:
    faults = connection(FaultRule(do="swap"))
    for number in (1, 2, 3):
        opens(faults, number)
    (first,) = faults.decide(answer(1))
    faults.decide(answer(2))
    (third,) = faults.decide(answer(3))
    assert first.fault is not None
    assert faults.released(first.fault, first.held) == []
    assert texts(faults.released(first.fault, third.held)) == [answer(3)]


def test_what_was_added_stays_when_the_file_is_read_anew_until_that_has_one_of_its_name() -> None:
    faults = Faults([FaultRule(do="lose", operation="quote")])
    faults.add(FaultRule(name="mine", do="repeat"))
    faults.take_over([FaultRule(do="lose", operation="order")], 1)
    assert [(fault.title, fault.is_added) for fault in faults.all] == [("lose order", False), ("mine", True)]
    faults.take_over([FaultRule(name="mine", do="lose")], 1)
    assert [(fault.title, fault.is_added) for fault in faults.all] == [("mine", False)]


def test_what_was_added_can_be_removed_and_what_a_file_has_cannot() -> None:
    faults = Faults([FaultRule(do="lose", operation="quote")])
    faults.add(FaultRule(name="mine", do="stall"))
    (_, mine) = faults.all
    faults.remove("mine")
    assert [fault.title for fault in faults.all] == ["lose quote"]
    assert not mine.on  # so that what it holds back goes on
    with pytest.raises(ValueError, match="There is no fault mine any more"):
        faults.remove("mine")
    with pytest.raises(ValueError, match="is in a file: take it out there"):
        faults.remove("lose quote")


def test_two_faults_that_would_go_by_one_name_are_numbered_and_keep_what_they_have_counted() -> None:
    rules = [FaultRule(do="lose", nth=(1,)), FaultRule(do="lose", nth=(3,))]
    faults = Faults(rules)
    before = faults.all
    assert [fault.title for fault in before] == ["lose *", "lose * (2)"]
    faults.switch("lose * (2)", False)
    assert [fault.on for fault in before] == [True, False]
    faults.take_over(rules, 1)
    assert faults.all == before


def test_an_exchange_from_before_any_rule_is_known_and_its_items_are_counted_on() -> None:
    faults = connection(FaultRule(do="lose", operation="watch", item=3))
    opens(faults, 1, "watch", "stream_request")  # then there is no rule for a while, in which an item is sent
    faults.was_opened(("c", 1), "stream", "watch", 1)
    found = [texts(faults.decide(answer(1, n, "stream_data"))) for n in (2, 3)]
    assert found == [[answer(1, 2, "stream_data")], [None]]
