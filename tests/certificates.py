"""Certificates for tests of TLS, made by the `openssl` program: an authority, and whom it vouches for."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as PEM files."""

    chain: Path
    key: Path


class Authority:
    """Signs certificates; `certificate` is what has to be trusted for them to be."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self.name = name
        self.certificate = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
        of_authority = ("-addext", "basicConstraints=critical,CA:TRUE")
        _openssl("req", "-x509", *_NEW_KEY, *self._written(name), "-days", "2", *of_authority)

    def issue(self, name: str, *, alternative_name: str = "IP:127.0.0.1", days: int = 2) -> Certificate:
        """A certificate for `name`, a server's for the host `alternative_name` (`DNS:…`, `IP:…`).

        With `days` below 0 it has expired already.
        """
        issued = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, extensions = self._folder / f"{name}.request", self._folder / f"{name}.extensions"
        extensions.write_text(f"subjectAltName={alternative_name}\n")
        _openssl("req", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", str(issued.key), "-out", str(request))
        signer = ("-CA", str(self.certificate.chain), "-CAkey", str(self.certificate.key), "-CAcreateserial")
        signed = ("-in", str(request), "-out", str(issued.chain), "-extfile", str(extensions))
        _openssl("x509", "-req", "-days", str(days), *signer, *signed)
        return issued

    def _written(self, name: str) -> tuple[str, ...]:
        return (
            "-subj",
            f"/CN={name}",
            "-keyout",
            str(self.certificate.key),
            "-out",
            str(self.certificate.chain),
        )


def server_context(certificate: Certificate, *, clients_of: Authority | None = None) -> ssl.SSLContext:
    """A server with a certificate, which demands one of its clients where `clients_of` vouches for them."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.chain, certificate.key)
    if clients_of is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients_of.certificate.chain)
    return context


def client_context(trusted: Authority, certificate: Certificate | None = None) -> ssl.SSLContext:
    """A client that trusts one authority and nobody else, with a certificate of its own if there is one."""
    context = ssl.create_default_context(cafile=str(trusted.certificate.chain))
    if certificate is not None:
        context.load_cert_chain(certificate.chain, certificate.key)
    return context


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
