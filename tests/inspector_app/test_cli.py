"""The command line: what can be typed, what is said when it cannot be right, and with which exit code."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from inspector_app import cli as command_line
from inspector_app.capture.store import CaptureReader
from inspector_app.cli import launching
from inspector_app.intents import ClientSpec, DemoSpec, ServerSpec, SourceSpec
from inspector_app.sources import file
from slipstream import __version__
from tests.inspector_app.commands_line import Command, Result
from tests.inspector_app.recordings import Recording
from tests.inspector_app.sources.helpers import raw_server, tcp_server
from tests.inspector_app.sources.test_client import silent
from tests.inspector_app.sources.test_failures import http, server_tls


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Any, ...]]]:
    """What would have been shown, had there been a terminal."""
    calls: list[tuple[Any, ...]] = []

    def show(spec: SourceSpec | None, capture: Path | None, record: Path | None, **more: object) -> int:
        asked = {name: value for name, value in more.items() if value}
        calls.append((spec, capture, record, asked) if asked else (spec, capture, record))
        return 0

    monkeypatch.setattr(launching, "show", show)
    monkeypatch.setattr(launching, "has_terminal", lambda: True)
    return calls  # type: ignore[return-value]  # a fixture gives what it returns


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(command_line.cli, arguments)


# -- help -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "",
        *("demo", "connect", "host", "mock-schema", "open", "export", "import"),
        *("check", "attach", "call", "describe"),
    ],
)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    result = invoke(*([name] if name else []), "--help")
    assert result.exit_code == 0
    assert f"slipstream-inspector {name}".strip() in result.output
    assert ("Examples:" if name else "First steps:") in result.output
    assert "-h, --help" in result.output


@pytest.mark.parametrize("name", ["demo", "connect", "host"])
def test_every_source_takes_the_same_options_for_a_run(name: str) -> None:
    output = invoke(name, "--help").output
    for option in ("--headless", "--json", "--for SECONDS", "--frames N", "--record FILE"):
        assert option in output


def test_no_line_of_help_is_too_wide_for_a_small_terminal() -> None:
    group = command_line.cli
    for name in ["", *group.commands]:
        output = CliRunner().invoke(group, [*([name] if name else []), "--help"], terminal_width=80).output
        assert max(map(len, output.splitlines())) <= 100


async def test_the_version_is_said_and_help_imports_nothing_heavy(command: Command) -> None:
    assert (await command.run("--version")).stdout == f"slipstream-inspector {__version__}\n"
    for argument in ("--help", "--version"):
        told = (await command.run(argument, PYTHONPROFILEIMPORTTIME="1")).stderr
        for heavy in ("textual", "websockets", "pydantic", "sqlite3", "asyncio"):
            assert f" {heavy}\n" not in told


# -- what reaches the screen ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "spec"),
    [
        ([], None),
        (["demo"], DemoSpec()),
        (["demo", "--seed", "7"], DemoSpec(seed=7)),
        (["connect", "ws://h"], ClientSpec(url="ws://h")),
        (
            ["connect", "wss://h", "-H", "X-A: b", "-H", "X-C:d: e", "--token", "t", "--subprotocol", "s"],
            ClientSpec(
                url="wss://h", headers=(("X-A", "b"), ("X-C", "d: e")), token="t", subprotocols=("s",)
            ),
        ),
        (
            ["connect", "wss://h", "--ca-file", "a", "--cert", "c", "--key", "k", "--handler", "h.py"],
            ClientSpec(url="wss://h", ca_file="a", cert_file="c", key_file="k", handler="h.py"),
        ),
        (["connect", "wss://h", "--insecure"], ClientSpec(url="wss://h", insecure=True)),
        (["host"], ServerSpec()),
        (
            ["host", "h.py:X", "--host", "::1", "--port", "0", "--allow-origin", "http://a"],
            ServerSpec(handler="h.py:X", host="::1", port=0, allow_origins=("http://a",)),
        ),
        (
            ["host", "m.toml", "--token", "t", "--max-peers", "3", "--seed", "-5"],
            ServerSpec(handler="m.toml", token="t", max_peers=3, seed=-5),
        ),
    ],
)
def test_in_a_terminal_a_command_opens_the_screen_with_what_was_asked(
    shown: list[tuple[Any, ...]], arguments: list[str], spec: SourceSpec | None
) -> None:
    assert invoke(*arguments).exit_code == 0
    assert shown == [(spec, None, None)]


def test_the_url_with_the_token_is_said_before_the_screen_is_drawn(shown: list[tuple[Any, ...]]) -> None:
    assert invoke("host", "--token", "a b").stderr == (
        "slipstream-inspector: Clients come in by ws://127.0.0.1:8765/?token=a%20b\n"
    )
    assert invoke("host").stderr == ""


def test_a_token_is_made_up_when_asked_for_another_each_time(shown: list[tuple[Any, ...]]) -> None:
    tokens = []
    for _ in range(2):
        url = invoke("host", "--token", "auto").stderr.split()[-1]
        tokens.append(url.partition("?token=")[2])
        assert shown[-1][0].token == tokens[-1]
    assert len({*tokens, "auto"}) == 3
    assert all(len(token) >= 32 for token in tokens)


def test_the_token_of_the_environment_is_asked_for(
    shown: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPSTREAM_TOKEN", "from outside")
    invoke("host")
    assert shown == [(ServerSpec(token="from outside"), None, None)]


def test_the_schema_of_mocks_is_printed() -> None:
    assert json.loads(invoke("mock-schema").stdout)["title"] == "A mock of slipstream-inspector"


def test_a_wrong_url_is_refused_before_any_screen_is_drawn(shown: list[tuple[Any, ...]]) -> None:
    result = invoke("connect", "http://h")
    assert result.exit_code == 2
    assert (
        result.stderr
        == "slipstream-inspector: http://h is an HTTP address: write ws://h for its WebSocket.\n"
    )
    assert shown == []


def test_a_file_to_record_into_is_handed_on(shown: list[tuple[Any, ...]], tmp_path: Path) -> None:
    invoke("demo", "--record", str(tmp_path / "mine.capture"))
    assert shown == [(DemoSpec(), None, tmp_path / "mine.capture")]


async def test_a_capture_is_opened(shown: list[tuple[Any, ...]], command: Command) -> None:
    (capture, _) = await recorded(command)
    assert invoke("open", str(capture)).exit_code == 0
    assert shown == [(None, capture, None)]


async def test_an_export_is_opened_as_a_new_capture_in_the_data_folder(
    shown: list[tuple[Any, ...]], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_DATA", str(command.folder / "other"))
    (capture, _) = await recorded(command)
    assert (await command.run("export", str(capture), "-o", "one.jsonl")).code == 0
    assert invoke("open", str(command.folder / "one.jsonl")).exit_code == 0
    ((_, imported, _),) = shown
    assert imported.parent == command.folder / "other"
    before, after = CaptureReader(capture), CaptureReader(imported)
    assert after.totals() == before.totals()
    assert [after.raw(seq) for seq in range(1, 6)] == [before.raw(seq) for seq in range(1, 6)]
    before.close()
    after.close()


@pytest.mark.parametrize("arguments", [[], ["open", "x.capture"]])
async def test_what_needs_a_terminal_says_so_without_one(command: Command, arguments: list[str]) -> None:
    result = await command.run(*arguments)
    assert result.code == 2
    assert "There is no terminal here." in result.stderr
    assert "Traceback" not in result.stderr


# -- recording and exporting ------------------------------------------------------------------------------


async def recorded(command: Command) -> tuple[Path, Result]:
    capture = command.folder / "mine.capture"
    result = await command.run("demo", "--headless", "--frames", "20", "--record", str(capture))
    return capture, result


def secret_capture(folder: Path) -> Path:
    recording = Recording(folder, "secret.capture").request(0, "login", password="hunter22", user="ada")
    return recording.respond(0, {"echo": "it is hunter22"}).close()


async def test_a_run_is_recorded_in_the_data_folder_for_the_user_alone(command: Command) -> None:
    result = await command.run("demo", "--frames", "3")
    (capture,) = command.captures()
    assert result.said[-1] == f"Recorded in {capture}"
    assert stat.S_IMODE(capture.stat().st_mode) == 0o600
    assert stat.S_IMODE(command.data.stat().st_mode) == 0o700


async def test_a_capture_is_named_after_the_host_and_port_of_a_server(command: Command) -> None:
    async with raw_server(silent) as url:
        await command.run("connect", url, "--for", "0.5")
    (capture,) = command.captures()
    assert capture.stem.endswith(url.removeprefix("ws://").replace(":", "-"))


async def test_a_run_is_recorded_in_the_file_that_was_named(command: Command) -> None:
    capture, result = await recorded(command)
    assert result.said[-1] == f"Recorded in {capture}"
    assert command.captures() == []
    reader = CaptureReader(capture)
    assert reader.totals().frames >= 20
    reader.close()


async def test_an_existing_file_is_never_recorded_over(command: Command) -> None:
    (command.folder / "mine.txt").write_text("precious")
    result = await command.run("demo", "--frames", "1", "--record", "mine.txt")
    assert result.code == 2
    assert "mine.txt exists already: give --record a new file" in result.stderr
    assert (command.folder / "mine.txt").read_text() == "precious"


async def test_a_capture_is_exported_to_a_file_and_to_stdout_alike(command: Command) -> None:
    capture, _ = await recorded(command)
    assert (await command.run("export", str(capture), "-o", "one.jsonl")).code == 0
    exported = command.folder / "one.jsonl"
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    result = await command.run("export", str(capture), "-o", "-", "--format", "jsonl")
    assert (result.code, result.said) == (0, ["No rule found anything to redact; nothing was changed."])
    assert result.stdout == exported.read_text()
    assert result.stdout.startswith('{"slipstream_capture": 1, ')


async def test_secrets_are_replaced_unless_they_are_wanted(command: Command) -> None:
    capture = secret_capture(command.folder)
    result = await command.run("export", str(capture), "-o", "-")
    assert "hunter22" not in result.stdout
    assert result.said == [
        "Redacted 1 secret in 2 places; nothing else was changed, and sizes are those of the wire.",
        "key password: 1 secret, 2 times",
    ]
    preview = await command.run("export", str(capture), "-o", "unused", "--preview")
    assert preview.stdout.startswith(
        "\u2039password-1\u203a  \u2026 (8 characters)  key password  once, first in frame 1"
    )
    assert "hunter22" not in preview.stdout
    whole = await command.run("export", str(capture), "-o", "-", "--no-redact")
    assert (whole.stdout.count("hunter22"), whole.stderr) == (2, "")


async def test_rules_of_ones_own_are_kept_to(command: Command) -> None:
    capture = secret_capture(command.folder)
    rules = command.folder / "rules.toml"
    rules.write_text("[keys]\nkeep = ['password']\nredact = ['user*']")
    result = await command.run("export", str(capture), "-o", "-", "--rules", "rules.toml")
    assert "hunter22" in result.stdout
    assert result.said[1:] == ["key user: 1 secret, once"]
    rules.write_text("[keys]\nkept = 3")
    wrong = await command.run("export", str(capture), "-o", "-", "--rules", "rules.toml")
    assert (wrong.code, wrong.said) == (
        2,
        ["rules.toml:2: keys.kept: there is no such key: use redact or keep."],
    )
    both = await command.run("export", str(capture), "-o", "-", "--rules", "rules.toml", "--no-redact")
    assert (both.code, len(both.said)) == (2, 1)


async def test_what_was_exported_comes_back_the_same_through_pipes(command: Command) -> None:
    capture = secret_capture(command.folder)
    first = await command.run("export", str(capture), "-o", "first.jsonl", "--no-redact")
    assert first.code == 0
    imported = await command.pipe("first.jsonl", "import", "-", "-o", "again.capture")
    assert (imported.code, imported.said) == (0, ["again.capture holds 2 frames."])
    second = await command.run("export", "again.capture", "-o", "-", "--no-redact")
    assert second.stdout == (command.folder / "first.jsonl").read_text()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"hello", "This is no export"),
        (b"", "This is no export"),
        (b'{"log": {"entries": []}}', "holds no WebSocket messages"),
        (b'{"log": 3}', "This is no HAR that can be read"),
    ],
)
async def test_what_cannot_be_imported_is_told_and_leaves_nothing(
    command: Command, content: bytes, told: str
) -> None:
    (command.folder / "it").write_bytes(content)
    result = await command.run("import", "it", "-o", "new.capture")
    assert (result.code, result.stdout) == (1, "")
    assert told in only_sentence(result)
    assert not (command.folder / "new.capture").exists()


async def test_an_existing_file_is_exported_over_only_by_force(command: Command) -> None:
    capture, _ = await recorded(command)
    target = command.folder / "one.jsonl"
    target.write_text("precious")
    refused = await command.run("export", str(capture), "-o", "one.jsonl")
    assert (refused.code, refused.said) == (
        2,
        ["one.jsonl exists already: give -o another name, or --force to replace it."],
    )
    assert target.read_text() == "precious"
    assert (await command.run("export", str(capture), "-o", "one.jsonl", "--force")).code == 0
    assert target.read_text().startswith('{"slipstream_capture": 1, ')


async def test_a_capture_is_exported_into_a_device_without_force(command: Command) -> None:
    capture, _ = await recorded(command)
    assert (await command.run("export", str(capture), "-o", os.devnull)).code == 0


async def test_a_capture_is_not_exported_over_itself(command: Command) -> None:
    capture, _ = await recorded(command)
    result = await command.run("export", str(capture), "-o", "mine.capture", "--force")
    assert (result.code, result.said) == (1, ["mine.capture is the capture itself: give -o another name."])
    CaptureReader(capture).close()


# -- bad input --------------------------------------------------------------------------------------------


def only_sentence(result: Result) -> str:
    """The one sentence on stderr, behind the line about the terminal."""
    assert "Traceback" not in result.stderr
    (sentence,) = [line for line in result.said if not line.startswith("No terminal here")]
    return sentence


def sentence_above_stages(result: Result, failed: str) -> str:
    """The one sentence about a connection, above a line for each of its stages, of which one `failed`."""
    *above, name, tcp, tls, http_, frame = result.said
    stages = (name, tcp, tls, http_, frame)
    assert [line.split()[0] for line in stages] == ["name", "TCP", "TLS", "HTTP", "frame"]
    assert [line.split()[0] for line in stages if line.split()[1] == "FAILED"] == [failed]
    (sentence,) = [line for line in above if not line.startswith("No terminal here")]
    return sentence


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["connect", "http://localhost:8765"],
            "http://localhost:8765 is an HTTP address: write ws://localhost:8765",
        ),
        (["connect", "localhost:8765"], "'localhost:8765' is not a WebSocket URL: write ws://localhost:8765"),
        (["connect", "ws://h", "--insecure"], "TLS options need a wss:// URL"),
        (["connect", "wss://h", "--ca-file", "no.pem"], "Cannot read no.pem (No such file or directory)"),
        (["connect", "ws://h", "--handler", "no.py"], "There is no file no.py: check the path"),
        (["host", "no.py"], "There is no file no.py: check the path of the handler."),
        (["host", "no.such.module"], "There is no module no.such.module: write FILE.py"),
    ],
)
async def test_what_cannot_work_as_it_was_written_ends_with_code_2(
    command: Command, arguments: list[str], told: str
) -> None:
    result = await command.run(*arguments)
    assert (result.code, result.stdout) == (2, "")
    assert only_sentence(result).startswith(told)
    assert command.captures() == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["connect", "ws://h", "-H", "nonsense"], "'nonsense' is no header: write it as 'Name: value'."),
        (
            ["connect", "ws://h", "-H", "X-A: b\r\nX-Evil: c"],
            "The value of X-A has control characters in it.",
        ),
        (["connect"], "Missing argument 'URL'."),
        (["host", "--port", "70000"], "70000 is not in the range 0<=x<=65535."),
        (["demo", "--for", "0"], "0.0 is not in the range x>0."),
        (["demo", "--frames", "x"], "'x' is not a valid integer"),
        (["demo", "--record", "no/such/folder/x"], "There is no folder no/such/folder: make it"),
        (
            ["demo", "--for", "1", "--record", "x" * 300],
            "cannot be a file (File name too long): give --record",
        ),
        (["export", "x.capture"], "Missing option '-o' / '--output'."),
        (["export", "x.capture", "-o", "x", "--format", "xml"], "'xml' is not"),
        (["import", "x.jsonl"], "Missing option '-o' / '--output'."),
        (["dance"], "No such command 'dance'."),
    ],
)
async def test_what_is_no_command_line_ends_with_code_2_and_the_way_to_help(
    command: Command, arguments: list[str], told: str
) -> None:
    result = await command.run(*arguments)
    assert result.code == 2
    assert told in result.stderr
    assert "--help" in result.stderr
    assert "Traceback" not in result.stderr


ESCAPE = "\x1b]52;c;QUFB\x07"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["demo", "--record", f"{ESCAPE}/x"], 2),
        (["demo", f"--{ESCAPE}"], 2),
        ([ESCAPE], 2),
        (["export", f"{ESCAPE}.capture", "-o", "x.jsonl"], 1),
        (["host", f"{ESCAPE}.py"], 2),
        (["host", "raises.py"], 2),
        (["host", "--host", ESCAPE, "--for", "1"], 1),
    ],
)
async def test_nothing_that_is_said_can_drive_a_terminal(
    command: Command, arguments: list[str], code: int
) -> None:
    (command.folder / "raises.py").write_text(f"raise ValueError({ESCAPE!r})\n")
    result = await command.run(*arguments)
    assert result.code == code
    assert "]52;c;QUFB" in result.stderr
    assert result.stderr.replace("\n", "").isprintable()


async def test_a_handler_with_a_syntax_error_is_told_with_its_line(command: Command) -> None:
    (command.folder / "broken.py").write_text("class X(:\n")
    result = await command.run("host", "broken.py")
    assert (result.code, only_sentence(result)) == (2, "broken.py:1: not valid Python: invalid syntax.")


async def test_all_that_is_wrong_in_a_mock_is_told_a_line_each(command: Command) -> None:
    (command.folder / "mock.toml").write_text('seed = "x"\n[[request]]\noperation = "a"\nanswr = 1\n')
    result = await command.run("host", "mock.toml", "--headless")
    assert (result.code, result.said) == (
        2,
        [
            "mock.toml:1: seed: this must be a whole number.",
            "mock.toml:4: request[0].answr: there is no such key here: did you mean answer?",
        ],
    )


async def test_a_handler_file_without_the_class_is_told(command: Command) -> None:
    (command.folder / "empty.py").write_text("")
    result = await command.run("host", "empty.py:Market")
    assert result.code == 2
    assert only_sentence(result).startswith("empty.py has no class Market")


async def test_nobody_listening_is_told(command: Command) -> None:
    async with raw_server(silent) as url:
        pass
    result = await command.run("connect", url)
    assert result.code == 1
    sentence = sentence_above_stages(result, "TCP")
    assert sentence == f"Nobody is listening at {url}: start the server, or check host and port."


async def test_a_web_server_is_told(command: Command) -> None:
    async with tcp_server(http("200 OK")) as port:
        result = await command.run("connect", f"ws://127.0.0.1:{port}")
    assert result.code == 1
    sentence = sentence_above_stages(result, "HTTP")
    assert "answered HTTP 200 OK: this is a web server, but no WebSocket" in sentence


async def test_tls_that_is_refused_is_told(command: Command) -> None:
    async with raw_server(silent, ssl=server_tls()) as url:
        result = await command.run("connect", url)
    assert result.code == 1
    sentence = sentence_above_stages(result, "TLS")
    assert sentence.startswith(f"The TLS certificate of {url} is not trusted")


async def test_a_port_in_use_is_told_and_leaves_no_capture(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = await command.run("host", "--port", str(port))
    assert result.code == 1
    assert only_sentence(result).startswith(f"Port {port} on 127.0.0.1 is in use: choose another with --port")
    assert command.captures() == []


async def test_a_data_folder_that_cannot_be_made_is_told(command: Command) -> None:
    command.data.write_text("a file where the folder should be")
    result = await command.run("demo", "--frames", "1")
    assert result.code == 1
    assert only_sentence(result).startswith(f"The data folder {command.data} cannot be made")


async def test_no_permission_for_the_capture_is_told(command: Command) -> None:
    (command.folder / "locked").mkdir(mode=0o500)
    if os.access(command.folder / "locked", os.W_OK):
        pytest.skip("this user may write everywhere")
    result = await command.run("demo", "--frames", "1", "--record", "locked/x.capture")
    assert result.code == 1
    assert "permission" in only_sentence(result)


@pytest.mark.parametrize("arguments", [["export", "it", "-o", "-"], ["export", "it", "-o", "out.jsonl"]])
@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "There is no file"), (b"hello", "is not a capture"), (b"", "is not a capture")],
)
async def test_a_capture_that_is_none_is_told(
    command: Command, arguments: list[str], content: bytes | None, told: str
) -> None:
    if content is not None:
        (command.folder / "it").write_bytes(content)
    result = await command.run(*arguments)
    assert (result.code, result.stdout) == (1, "")
    assert told in only_sentence(result)
    assert not (command.folder / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"hello", "is not a capture"),
        (b'{"a": 1}\n', "This is no export: its first line must be"),
        (b'{"slipstream_capture": 1}\n{"kind": "dance"}\n', "Line 2 of the export is no record"),
        (b'{"slipstream_capture": 99}\n', "update slipstream-inspector"),
    ],
)
def test_a_file_that_is_neither_capture_nor_export_is_told_before_any_screen(
    shown: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, told: str
) -> None:
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_DATA", str(tmp_path / "data"))
    (tmp_path / "it").write_bytes(content)
    result = invoke("open", str(tmp_path / "it"))
    assert result.exit_code == 1
    assert told in result.stderr
    assert shown == []
    assert list(tmp_path.glob("data/*")) == []


async def test_an_output_that_cannot_be_written_is_told(command: Command) -> None:
    capture, _ = await recorded(command)
    result = await command.run("export", str(capture), "-o", "no/such/folder/x.jsonl")
    assert (result.code, result.said) == (
        1,
        ["Cannot write no/such/folder/x.jsonl (No such file or directory): give -o another place."],
    )


def test_binding_the_network_is_warned_about(shown: list[tuple[Any, ...]]) -> None:
    assert "lets other machines connect" in invoke("host", "--host", "0.0.0.0").stderr  # noqa: S104 - what is tested
    assert "lets other machines connect" not in invoke("host").stderr


@pytest.mark.parametrize(
    ("defect", "told"),
    [
        (KeyError("oops"), "KeyError: 'oops'"),
        (asyncio.CancelledError(), "CancelledError: "),
        (SystemExit("\x1b[2J"), "SystemExit: ␛[2J"),
    ],
)
def test_a_defect_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    defect: BaseException,
    told: str,
) -> None:
    from inspector_app import __main__

    def fail(**_: object) -> None:
        raise defect

    monkeypatch.setattr(command_line.cli, "main", fail)
    with pytest.raises(SystemExit) as caught:
        __main__.main()
    assert caught.value.code == 1
    assert capsys.readouterr().err == (
        f"slipstream-inspector: Internal error ({told}): please report it; "
        "with SLIPSTREAM_INSPECTOR_DEBUG=1 it shows where.\n"
    )


def test_the_group_knows_its_commands() -> None:
    assert isinstance(command_line.cli, click.Group)
    assert sorted(command_line.cli.commands) == [
        "attach",
        "call",
        "check",
        "connect",
        "demo",
        "describe",
        "export",
        "host",
        "import",
        "mock-schema",
        "open",
        "operations",
        "run",
    ]


@pytest.mark.parametrize("asked", [None, "30"])
def test_keys_show_soon_unless_fewer_updates_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, asked: str | None
) -> None:
    from inspector_app import __main__

    monkeypatch.setattr(command_line.cli, "main", lambda **_: None)
    monkeypatch.setattr(os, "environ", {"TEXTUAL_FPS": asked} if asked else {})
    __main__.main()
    assert os.environ["TEXTUAL_FPS"] == (asked or "120")


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_export_that_is_opened_leaves_nothing_half_written_when_told_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    export, data = tmp_path / "frames.jsonl", tmp_path / "data"
    invoke("export", str(Recording(tmp_path).connect().calls(3).close()), "-o", str(export), "--no-redact")
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_DATA", str(data))

    def ended(*_: object) -> None:
        assert any(each.name.endswith(".new") for each in data.rglob("*")), "nothing is being written"
        os.kill(os.getpid(), number)

    monkeypatch.setattr(file, "_fold_into", ended)
    assert invoke("open", str(export)).exit_code == 128 + number
    assert not [each for each in data.rglob("*") if each.is_file()]
