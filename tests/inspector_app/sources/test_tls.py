"""TLS options that cannot work are refused with a sentence, before any connection is made."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from inspector_app.intents import ClientSpec
from inspector_app.sources.failures import SourceError
from inspector_app.sources.tls import tls_context

TLS = Path(__file__).parent / "tls"
CERT, KEY, LOCKED = (str(TLS / name) for name in ("cert.pem", "key.pem", "key-with-passphrase.pem"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"key_file": KEY}, "--key needs --cert"),
        ({"ca_file": "missing.pem"}, "Cannot read missing.pem (No such file or directory): check the path."),
        ({"ca_file": __file__}, "holds no certificates in PEM form: check --ca-file."),
        ({"cert_file": CERT}, "hold no certificate with its key in PEM form"),
        ({"cert_file": CERT, "key_file": __file__}, "hold no certificate with its key in PEM form"),
        ({"cert_file": CERT, "key_file": LOCKED}, "has a passphrase: give a copy without one."),
    ],
)
def test_a_file_that_cannot_serve_is_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(SourceError) as caught:
        tls_context(ClientSpec(url="wss://h", **options), secure=True)
    assert told in caught.value.text
    assert caught.value.exit_code == 2


def test_a_secure_connection_checks_certificate_and_host_unless_told_not_to() -> None:
    checked = tls_context(ClientSpec(url="wss://h"), secure=True)
    unchecked = tls_context(ClientSpec(url="wss://h", insecure=True), secure=True)
    assert checked is not None
    assert unchecked is not None
    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (unchecked.verify_mode, unchecked.check_hostname) == (ssl.CERT_NONE, False)


def test_a_plain_connection_has_no_context_and_takes_no_tls_options() -> None:
    assert tls_context(ClientSpec(url="ws://h"), secure=False) is None
    with pytest.raises(SourceError, match="need a wss:// URL"):
        tls_context(ClientSpec(url="ws://h", ca_file=CERT), secure=False)
