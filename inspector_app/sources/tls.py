"""TLS for a client, from the files that a person named. Owns the sentences about what is wrong with them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.sources.failures import BAD_USAGE, SourceError

if TYPE_CHECKING:
    from inspector_app.intents import ClientSpec


def tls_context(spec: ClientSpec, *, secure: bool) -> ssl.SSLContext | None:
    """Make the context for a connection; None for `ws://`, where TLS options are a mistake.

    Raises `SourceError` for options that cannot work.
    """
    if not secure:
        if spec.ca_file or spec.cert_file or spec.key_file or spec.insecure:
            raise SourceError(
                "TLS options need a wss:// URL: this one is ws://, which is not encrypted.", BAD_USAGE
            )
        return None
    if spec.key_file and not spec.cert_file:
        raise SourceError(
            "--key needs --cert: a private key is of no use without its certificate.", BAD_USAGE
        )
    for name in (spec.ca_file, spec.cert_file, spec.key_file):
        _require_readable(name)
    context = _trusting(spec.ca_file)
    if spec.cert_file:
        _load_certificate(context, spec.cert_file, spec.key_file)
    if spec.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _require_readable(name: str | None) -> None:
    if name is None:
        return
    try:
        with Path(name).open("rb"):
            pass
    except OSError as error:
        raise SourceError(
            f"Cannot read {name} ({error.strerror or error}): check the path.", BAD_USAGE
        ) from error


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise SourceError(
            f"{ca_file} holds no certificates in PEM form: check --ca-file.", BAD_USAGE
        ) from error


def _load_certificate(context: ssl.SSLContext, cert_file: str, key_file: str | None) -> None:
    def no_passphrase() -> str:
        raise SourceError(
            f"The private key in {key_file or cert_file} has a passphrase: give a copy without one.",
            BAD_USAGE,
        )

    try:
        context.load_cert_chain(cert_file, key_file, password=no_passphrase)
    except ssl.SSLError as error:
        raise SourceError(
            f"{f'{cert_file} and {key_file}' if key_file else cert_file} hold no certificate with its key "
            "in PEM form: check --cert and --key.",
            BAD_USAGE,
        ) from error
