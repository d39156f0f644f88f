"""What is learnt of the other side from its first frame, and what its `meta` is taken to say (§8)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from slipstream.frames import Frame, MessageType
from slipstream.remote import VERSION, Remote, patience_of
from slipstream.spelling import CANONICAL

NO_NUMBERS: list[Any] = [None, "1", True, False, 1.5, -1, [1], {}]


def heard(hello: object, **more: Any) -> Remote:
    remote = Remote()
    assert remote.learn(Frame(MessageType.REQUEST, ("peer", 0), "peer", None, {"hello": hello}, **more))
    return remote


def test_nothing_is_known_before_the_first_frame() -> None:
    remote = Remote()
    assert (remote.peer_id, remote.modern, remote.credit, remote.max_frame_bytes) == (None, None, None, None)
    assert (remote.version, remote.software, remote.spelling) == (VERSION, "", CANONICAL)


def test_a_hello_is_read_whole() -> None:
    remote = heard({"version": 1, "credit": 5, "maxFrame": 900, "software": "x"})
    assert (remote.peer_id, remote.modern, remote.version) == ("peer", True, 1)
    assert (remote.credit, remote.max_frame_bytes, remote.software) == (5, 900, "x")


@pytest.mark.parametrize("meta", [None, {}, {"hello": None}, {"hello": []}, {"hello": "1"}, {"other": {}}])
def test_a_first_frame_without_a_hello_is_a_legacy_peers(meta: dict[str, Any] | None) -> None:
    remote = Remote()
    assert remote.learn(Frame(MessageType.RESPONSE, ("me", 0), None, None, meta))
    assert remote.modern is False


def test_only_the_first_frame_tells_what_the_other_side_is() -> None:
    remote = heard({"credit": 5})
    again = Frame(MessageType.REQUEST, ("peer", 1), "other", None, {"hello": {"credit": 9}})
    assert not remote.learn(again)
    assert (remote.credit, remote.peer_id) == (5, "peer")


def test_a_peer_that_does_not_say_who_it_is_is_known_once_it_does() -> None:
    remote = Remote()
    remote.learn(Frame(MessageType.RESPONSE, ("me", 0)))
    assert remote.peer_id is None
    remote.learn(Frame(MessageType.RESPONSE, ("me", 1), "peer"))
    assert remote.peer_id == "peer"


def test_the_spelling_of_every_frame_is_followed() -> None:
    remote = heard({}, spelled="REQUEST")
    assert remote.spelling.spell("stream_data") == "STREAM_DATA"


@pytest.mark.parametrize("credit", NO_NUMBERS)
def test_a_credit_that_is_no_whole_number_is_none(credit: object) -> None:
    assert heard({"credit": credit}).credit is None


def test_a_credit_of_nothing_is_one() -> None:
    assert heard({"credit": 0}).credit == 0


@pytest.mark.parametrize("size", [*NO_NUMBERS, 0])
def test_a_size_that_no_frame_can_have_is_no_limit(size: object) -> None:
    assert heard({"maxFrame": size}).max_frame_bytes is None


@pytest.mark.parametrize("version", [*NO_NUMBERS, 0, 1, 2, 10**30])
def test_the_lower_version_rules_and_one_that_is_none_is_the_first(version: object) -> None:
    assert heard({"version": version}).version == 1


@pytest.mark.parametrize("software", [None, 5, ["x"]])
def test_a_software_that_is_no_text_is_not_told(software: object) -> None:
    assert heard({"software": software}).software == ""


def test_a_long_name_of_software_is_cut() -> None:
    assert heard({"software": "x" * 500}).software == "x" * 200


@pytest.mark.parametrize(("timeout", "patience_s"), [(1, 1.0), (0.5, 0.5), (1e300, 1e9), (10**400, 1e9)])
def test_a_timeout_is_a_number_of_seconds_within_reason(timeout: float, patience_s: float) -> None:
    found = patience_of({"timeout": timeout})
    assert found == patience_s
    assert isinstance(found, float)


@pytest.mark.parametrize("timeout", [None, "5", True, [5], 0, -1, -0.0, math.nan, -math.inf])
def test_a_timeout_that_cannot_be_kept_says_nothing(timeout: object) -> None:
    assert patience_of({"timeout": timeout}) is None


def test_meta_without_a_timeout_says_nothing() -> None:
    assert patience_of({}) is None
