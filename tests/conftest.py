"""What all tests share: figures told together at the end of a run, certificates for tests of TLS."""

from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from slipstream.taps import log_limit
from tests.certificates import Authority, Certificate

Figure = Callable[[str, str, object, str], None]
"""`figure(row, what, value, must)`: a row of the proof's matrix, what was measured, what came out, and the
line it had to pass, in words."""


def pytest_configure(config: pytest.Config) -> None:
    """Generate the same examples in every run of the default suite, and new ones in each proof."""
    # How long an example takes is the machine's; a test that hangs is ended by the limit of all tests.
    settings.register_profile("suite", deadline=None, derandomize=True)
    settings.register_profile("proof", deadline=None)
    settings.load_profile("proof" if config.option.markexpr == "proof" else "suite")
    _take_signals()


def _take_signals() -> None:
    """Have signals do what they do at a terminal: a shell's background and `nohup` ignore some for good."""
    for number, default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, default)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: looking through it again and again takes a tenth of the time."""
    gc.freeze()


@pytest.fixture(autouse=True)
def own_log_limit() -> None:
    """What one test has logged must not silence the next."""
    log_limit.cache_clear()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    def record(row: str, what: str, value: object, must: str) -> None:
        told = f"{value:,.3g}" if isinstance(value, float) else str(value)
        request.node.user_properties.append(("figure", (row, what, told, must)))

    return record


def pytest_terminal_summary(terminalreporter: Any) -> None:
    rows = sorted(_figures(terminalreporter))
    if not rows:
        return
    terminalreporter.section("figures")
    titles = ("row", "what", "reached", "must")
    widths = [max(len(row[column]) for row in [titles, *rows]) for column in range(4)]
    for row in [titles, *rows]:
        terminalreporter.write_line(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        )


def _figures(terminalreporter: Any) -> Iterator[tuple[str, str, str, str]]:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in report.user_properties:
                if name == "figure" and report.when == "call":
                    row, what, told, must = value
                    yield row, what, told, must if outcome == "passed" else f"{must}  (test failed)"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates that are trusted in a test."""
    return made_authority(tmp_path_factory, "authority")


@pytest.fixture(scope="session")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another one, that nobody trusts."""
    return made_authority(tmp_path_factory, "stranger")


def made_authority(folders: pytest.TempPathFactory, name: str) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    return Authority(folders.mktemp(name), name)


@pytest.fixture(scope="session")
def server_certificate(authority: Authority) -> Certificate:
    """A server's, for 127.0.0.1."""
    return authority.issue("server")


@pytest.fixture(scope="session")
def client_certificate(authority: Authority) -> Certificate:
    return authority.issue("client", alternative_name="DNS:client.example")
