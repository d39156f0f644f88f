"""What cannot be brought about on every machine is told too: by the numbers of the system and of OpenSSL."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from inspector_app.sources import stage_words as words


@pytest.mark.parametrize(
    ("error", "came", "advice"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "no such name", "spelling"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "the name server gives no answer", "name server"),
        (TimeoutError(), "the name server gives no answer", "name server"),
        (UnicodeError("x"), "no host name can be spelled like this", "spelling"),
    ],
)
def test_why_a_name_has_no_address(error: OSError | UnicodeError, came: str, advice: str) -> None:
    told = words.name_told(error)
    assert told[0] == came
    assert advice in told[1]


@pytest.mark.parametrize(
    ("number", "came"),
    [
        (errno.ECONNREFUSED, "refused, nobody listens there"),
        (errno.EHOSTUNREACH, "unreachable, there is no way from here"),
        (errno.EPERM, "forbidden by this machine"),
        (errno.ETIMEDOUT, "no answer in time"),
        (errno.EMFILE, "Too many open files"),
    ],
)
def test_why_an_address_cannot_be_reached(number: int, came: str) -> None:
    assert words.tcp_told(OSError(number, "Too many open files"))[0] == came


@pytest.mark.parametrize(
    ("reason", "came"),
    [
        ("TLSV1_UNRECOGNIZED_NAME", "the server knows no such host"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "the server refuses this client"),
        ("UNSUPPORTED_PROTOCOL", "no common version"),
        ("UNEXPECTED_EOF_WHILE_READING", "hung up during the handshake"),
        ("DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "decryption failed or bad record mac"),
    ],
)
def test_why_tls_did_not_come_about(reason: str, came: str) -> None:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    told = words.tls_told(error)
    assert told[0].startswith(came)
    assert told[1]


def test_a_connection_that_just_ended_has_no_code() -> None:
    assert words.close_told(None, "") == words.close_told(1006, "")
    assert words.close_told(4000, "x" * 500)[0].startswith("it closed with code 4000 (xxx")
    assert len(words.close_told(4000, "x" * 500)[0]) < 200
