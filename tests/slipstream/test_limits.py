"""The limits of protocol.md §9 and §11: their defaults, and that nobody can change them underneath."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from slipstream import Limits
from slipstream.limits import DEFAULT_LIMITS, MAX_COUNTER, MAX_NESTING, MAX_PEER_ID

MIB = 1024 * 1024


def test_the_defaults_are_those_of_the_protocol() -> None:
    limits = Limits()
    assert limits.frame_bytes == MIB
    assert limits.in_flight == 16_384
    assert limits.request_timeout_s == 600
    assert limits.stream_buffer_bytes == 32 * MIB
    assert limits.connection_buffer_bytes == 128 * MIB
    assert limits.findings_logged_per_s == 10
    assert (limits.bad_frames, limits.bad_frames_window_s) == (1024, 10)
    assert limits.credit == 256
    assert limits.describe_timeout_s == 3
    assert (MAX_NESTING, MAX_COUNTER, MAX_PEER_ID) == (200, 2**53, 128)


def test_limits_are_replaced_not_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        DEFAULT_LIMITS.in_flight = 1  # type: ignore[misc] # the point of the test
    assert replace(DEFAULT_LIMITS, in_flight=1).in_flight == 1


def test_limits_are_given_by_name_only() -> None:
    with pytest.raises(TypeError):
        Limits(1024)  # type: ignore[call-arg] # the point of the test


@pytest.mark.parametrize("nesting", [1, 0, -1, MAX_NESTING + 1])
def test_nesting_that_cannot_be_is_refused(nesting: int) -> None:
    with pytest.raises(ValueError, match=f"nesting is from 2 to 200, not {nesting}"):
        Limits(nesting=nesting)


@pytest.mark.parametrize("nesting", [2, MAX_NESTING])
def test_nesting_up_to_what_can_be_read_is_taken(nesting: int) -> None:
    assert Limits(nesting=nesting).nesting == nesting


def test_without_credit_no_stream_would_move() -> None:
    assert Limits(credit=1).credit == 1
    with pytest.raises(ValueError, match="credit is 1 or more, not 0"):
        Limits(credit=0)


@pytest.mark.parametrize("nesting", [1, -1, 201])
def test_a_nesting_that_no_reader_can_keep_is_refused(nesting: int) -> None:
    with pytest.raises(ValueError, match=f"nesting is from 2 to 200, not {nesting}"):
        Limits(nesting=nesting)


@pytest.mark.parametrize("credit", [0, -1])
def test_a_credit_that_would_let_no_stream_move_is_refused(credit: int) -> None:
    with pytest.raises(ValueError, match=f"credit is 1 or more, not {credit}"):
        Limits(credit=credit)


def test_the_borders_are_allowed() -> None:
    assert (Limits(nesting=2).nesting, Limits(nesting=200).nesting, Limits(credit=1).credit) == (2, 200, 1)
