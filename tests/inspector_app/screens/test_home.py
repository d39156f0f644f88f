"""The home screen and its forms."""

import threading
from pathlib import Path

import pytest
from textual.widgets import Input

from inspector_app.app import InspectorApp
from inspector_app.capture.files import RecentCapture, new_capture_path, recent_captures
from inspector_app.inspection import Inspection, InspectionFailed
from inspector_app.intents import ClientSpec, DemoSpec, ServerSpec
from inspector_app.screens import home
from inspector_app.screens.home import HomeScreen
from inspector_app.screens.main import MainScreen
from inspector_app.screens.prompts import Confirm
from inspector_app.screens.start_forms import ConnectForm, FormError, HostForm, parse_headers
from inspector_app.widgets.row_list import RowList
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, SMALL, RecordingEngine, live, opened, running


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_home_offers_connect_host_demo_open_and_says_there_is_no_capture_yet(
    size: tuple[int, int],
) -> None:
    async with running(InspectorApp(), size) as stage:
        await stage.until_shown("Connect", "Host", "Demo", "Open", "No capture yet", "Press d for a demo")


async def test_recent_captures_are_listed_with_date_source_frames_and_size_and_open_with_enter() -> None:
    path = new_capture_path("demo")
    Recording(path.parent, path.name, kind="demo").connect().calls(3).close()
    async with running(InspectorApp()) as stage:
        await stage.until_shown("demo", "6", "kB", "20")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, MainScreen))
        await stage.until_shown("FILE", path.name[:20], "get_quote")


async def test_captures_that_were_found_late_do_not_take_the_place_of_newer_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = new_capture_path("demo")
    Recording(path.parent, path.name, kind="demo").connect().calls(3).close()
    slow, go = threading.Event(), threading.Event()
    looked: list[HomeScreen] = []
    real = recent_captures

    def late(limit: int) -> list[RecentCapture]:
        if slow.is_set():
            return real(limit)
        slow.set()
        go.wait(60)
        return []  # as when a file gets another name just then

    def look(screen: HomeScreen) -> None:
        real_look(screen)
        looked.append(screen)

    real_look = HomeScreen._look

    async with running(InspectorApp()) as stage:
        await stage.until_shown("demo")
        monkeypatch.setattr(home, "recent_captures", late)
        monkeypatch.setattr(HomeScreen, "_look", look)
        screen = stage.app.screen
        assert isinstance(screen, HomeScreen)
        screen.look_for_captures()
        await stage.until(slow.is_set)
        screen.look_for_captures()
        await stage.until(lambda: len(looked) == 1)
        go.set()
        await stage.until(lambda: len(looked) == 2)
        assert "No capture yet" not in stage.text


async def test_home_is_reached_from_a_file_at_once(tmp_path: Path) -> None:
    async with opened(Recording(tmp_path).connect().close()) as stage:
        await stage.press("H")
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))


async def test_leaving_something_live_is_asked_for_and_ends_the_engine(tmp_path: Path) -> None:
    engine = RecordingEngine()
    async with live(Recording(tmp_path).connect().commit().path, engine) as stage:
        await stage.press("H")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        await stage.press("escape")
        assert stage.app.screen is stage.main
        assert not engine.stopped
        await stage.press("H")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen) and engine.stopped)


async def test_a_file_that_is_not_there_is_said_in_the_prompt() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Open")
        await stage.press("o")
        await stage.type("nowhere")
        await stage.press("enter")
        await stage.until_shown("There is no file nowhere: check the path.")


@pytest.mark.parametrize(
    "content", [b"", b"not a capture", b"SQLite format 3\x00 nonsense", b'{"slipstream_capture": 99}\n']
)
async def test_a_file_that_is_no_capture_is_one_sentence_and_the_app_goes_on(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.capture"
    path.write_bytes(content)
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Open")
        await stage.press("o")
        stage.app.screen.query_one(Input).value = str(path)
        await stage.press("enter")
        await stage.until(lambda: stage.toasts)
        assert all("Traceback" not in toast and toast.endswith(".") for toast in stage.toasts)
        assert isinstance(stage.app.screen, HomeScreen)


async def test_a_capture_that_cannot_be_opened_from_the_command_line_ends_with_a_sentence(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.capture"
    path.write_bytes(b"nothing")
    app = InspectorApp(None, path, None)
    async with app.run_test() as pilot:
        while app.return_value is None:
            await pilot.pause()
    assert app.return_value == 1
    assert app.failure


# -- forms ------------------------------------------------------------------------------------------------


def _client(values: dict[str, str]) -> ClientSpec:
    empty = dict.fromkeys(
        ("url", "token", "headers", "subprotocols", "handler", "ca_file", "cert_file", "key_file"), ""
    )
    return ConnectForm({}).spec(empty | values)


HOST_FIELDS = ("handler", "faults", "seed", "host", "port", "token", "peers", "bad_frames", "origins")


def _server(values: dict[str, str]) -> ServerSpec:
    return HostForm({}).spec(dict.fromkeys(HOST_FIELDS, "") | values)


def test_the_connect_form_makes_a_client() -> None:
    spec = _client(
        {
            "url": "wss://h/rpc",
            "token": "secret",
            "headers": "'X-A: 1' 'X-B: two words'",
            "subprotocols": "a, b",
            "handler": "x.py:X",
            "insecure": "yes",
            "ca_file": "ca.pem",
            "cert_file": "me.pem",
            "key_file": "key.pem",
        }
    )
    assert spec == ClientSpec(
        url="wss://h/rpc",
        token="secret",
        headers=(("X-A", "1"), ("X-B", "two words")),
        subprotocols=("a", "b"),
        handler="x.py:X",
        insecure=True,
        ca_file="ca.pem",
        cert_file="me.pem",
        key_file="key.pem",
    )


def test_a_key_without_its_certificate_is_refused() -> None:
    with pytest.raises(FormError, match="certificate"):
        _client({"url": "wss://h", "key_file": "key.pem"})


def test_a_url_without_a_scheme_is_taken_for_a_plain_one() -> None:
    assert _client({"url": "localhost:8765"}).url == "ws://localhost:8765"


def test_a_single_header_needs_no_quotes() -> None:
    assert parse_headers("X-Tenant: blue team") == (("X-Tenant", "blue team"),)


@pytest.mark.parametrize("text", ["nonsense", "'X-A: 1", "X A: 1", ": 1", "'X-A: 1' nonsense", "é: 1"])
def test_a_header_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FormError, match="Name: value"):
        parse_headers(text)


def test_the_host_form_makes_a_server() -> None:
    assert _server({}) == ServerSpec()
    spec = _server({"handler": "x.py", "host": "::1", "port": "0", "origins": "http://a http://b"})
    assert spec == ServerSpec(handler="x.py", host="::1", port=0, allow_origins=("http://a", "http://b"))


def test_the_host_form_takes_what_the_command_line_takes() -> None:
    values = {"faults": "~/f.toml", "seed": "-7", "token": "geheim", "peers": "3", "bad_frames": "5"}
    assert _server(values) == ServerSpec(
        faults=str(Path("~/f.toml").expanduser()), seed=-7, token="geheim", max_peers=3, bad_frames=5
    )
    made_up = _server({"token": "auto"}).token
    assert made_up is not None
    assert len(made_up) >= 24


@pytest.mark.parametrize(
    ("field", "typed"), [("seed", "x"), ("peers", "0"), ("bad_frames", "-1"), ("seed", "9" * 5000)]
)
def test_a_number_of_the_host_form_that_is_none_is_refused(field: str, typed: str) -> None:
    with pytest.raises(FormError) as refused:
        _server({field: typed})
    assert refused.value.field == field


@pytest.mark.parametrize("size", [(62, 17), SMALL, LARGE])
async def test_every_label_of_the_host_form_can_be_read(size: tuple[int, int]) -> None:
    labels = {"Handler", "Faults", "Seed", "Address", "Port", "Token", "Most peers", "Bad frames", "origins"}
    async with running(InspectorApp(), size) as stage:
        await stage.until_shown("Host")
        await stage.press("h")
        await stage.until_shown("Host a handler", "Enter goes on, Esc leaves", "Close")
        seen = stage.text
        stage.app.screen.query_one("#origins").focus()
        await stage.until_shown("Allowed origins")
        assert not {label for label in labels if label not in seen + stage.text}
        if size == SMALL:
            assert not {label for label in labels if label not in stage.text}


@pytest.mark.parametrize("port", ["9" * 5000, "many", "-1", "65536", "8e3", "٣"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(FormError, match="port"):
        _server({"port": port})


async def test_what_is_wrong_in_a_form_is_said_and_the_field_has_the_keys() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Connect")
        await stage.press("c")
        await stage.until_shown("Connect to a server")
        stage.app.screen.query_one("#headers", Input).value = "nonsense"
        await stage.press("enter")
        await stage.until_shown("'nonsense' is no header")
        assert stage.app.focused is stage.app.screen.query_one("#headers")


async def test_a_token_is_not_shown_while_it_is_typed() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Connect")
        await stage.press("c")
        await stage.until_shown("Token")
        stage.app.screen.query_one("#token", Input).value = "geheim"
        await stage.pilot.pause()
        assert "geheim" not in stage.text


async def test_choices_can_be_clicked() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Connect")
        await stage.pilot.click("#choice-host")
        await stage.until_shown("Host a handler")


async def test_the_list_of_captures_has_the_keys_from_the_start() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Recent captures")
        assert isinstance(stage.app.focused, RowList)


async def test_captures_that_are_found_when_home_is_left_already_are_no_defect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = threading.Event()
    monkeypatch.setattr(home, "recent_captures", lambda limit: [] if found.wait(10) else None)
    async with running(InspectorApp()) as stage:
        await stage.app.screen.query("*").remove()
        found.set()
        await stage.app.workers.wait_for_complete()


@pytest.mark.parametrize("size", [(62, 17), SMALL, LARGE])
async def test_every_label_of_the_connect_form_can_be_read(size: tuple[int, int]) -> None:
    labels = {"URL", "Bearer", "Headers", "Subprotocols", "Handler for its calls", "CA file"}
    labels |= {"Certificate", "Its key", "Do not check the certificate"}
    async with running(InspectorApp(), size) as stage:
        await stage.until_shown("Connect")
        await stage.press("c")
        await stage.until_shown("Connect to a server", "Enter goes on, Esc leaves", "Close")
        seen = stage.text
        stage.app.screen.query_one("#insecure").focus()
        await stage.until_shown("Do not check the certificate")
        assert not {label for label in labels if label not in seen + stage.text}


async def test_what_is_wrong_is_seen_in_a_low_terminal_together_with_its_field() -> None:
    async with running(InspectorApp(), (62, 17)) as stage:
        await stage.until_shown("Connect")
        await stage.press("c")
        await stage.until_shown("Connect to a server")
        stage.app.screen.query_one("#url", Input).value = ""
        await stage.press("enter")
        await stage.until_shown("Give the URL of the server", "URL")


async def test_a_checkbox_that_is_off_is_empty() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Connect")
        await stage.press("c")
        await stage.until_shown("Do not check the certificate")
        label = "Do not check"
        assert not stage.line(label).partition(label)[0].strip(" │▐▌")
        stage.app.screen.query_one("#insecure").focus()
        await stage.press("space")
        await stage.until(lambda: "✓" in stage.line(label))


async def test_what_keeps_a_source_from_starting_is_said_in_its_form_alone() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
        failure = InspectionFailed("The URL will not do: mend it.", 2)
        inspection = Inspection.of(ClientSpec(url="http://h"))
        stage.app._could_not_start(inspection, failure, at_start=False)
        await stage.until_shown("Connect to a server", "The URL will not do: mend it.")
        assert stage.toasts == []


async def test_what_keeps_the_demo_from_starting_is_said_at_home() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
        failure = InspectionFailed("There is no room: make some.", 1)
        stage.app._could_not_start(Inspection.of(DemoSpec()), failure, at_start=False)
        await stage.until(lambda: stage.toasts == ["There is no room: make some."])


async def test_in_a_narrow_terminal_a_capture_is_named_without_its_date() -> None:
    path = new_capture_path("ws-quotes.example.com")
    Recording(path.parent, path.name, kind="demo").connect().calls(3).close()
    async with running(InspectorApp()) as stage:
        await stage.until_shown("…ws-quotes.exam")
    async with running(InspectorApp(), LARGE) as stage:
        await stage.until_shown(path.name)
