"""Connection, Findings and Operations."""

from pathlib import Path

from inspector_app.capture.records import HandshakeSeen
from inspector_app.intents import Disconnect, Reconnect, SendMessage, ServerSpec
from inspector_app.sources.stages import Stage, complete, to_handshake
from tests.inspector_app.recordings import ME, PEER, Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, live, opened


async def test_every_transition_is_listed_with_code_and_reason_and_the_handshake_below(
    tmp_path: Path,
) -> None:
    recording = Recording(tmp_path).connect().calls(1)
    recording.state("CONNECTED", "LOST", code=4429, reason="flood [/]")
    async with opened(recording.close(), LARGE) as stage:
        await stage.press("4")
        await stage.until_shown("CONNECTING", "● CONNECTED", "↯ LOST", "4429", "flood [/]")
        await stage.until_shown("HTTP/1.1 101 Switching Protocols", "Server: market/2", ME, PEER)


async def test_the_handshake_is_that_of_the_connection_of_the_row(tmp_path: Path) -> None:
    recording = (
        Recording(tmp_path).connect(1).state("CONNECTED", "CLOSED", code=1000).connect(2, me="second-peer")
    )
    async with opened(recording.close()) as stage:
        await stage.press("4")
        await stage.until_shown("Connection 1", ME)
        await stage.press("end")
        await stage.until_shown("Connection 2", "second-peer")


async def test_notes_stand_with_their_connection(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().note("30 frames were not recorded.", conn=1)
    async with opened(recording.close()) as stage:
        await stage.press("4")
        await stage.until_shown("30 frames were not recorded.")


async def test_a_lost_connection_is_made_anew_by_key(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect().state("CONNECTED", "LOST", code=1006).commit()
    async with live(recording.path, engine) as stage:
        await stage.until_shown("r Reconnect")
        await stage.press("r")
        await stage.until(lambda: engine.intents == [Reconnect()])


async def test_an_open_connection_is_dropped_only_from_its_own_list(tmp_path: Path) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, engine) as stage:
        await stage.until_shown("CONNECTED")
        await stage.press("r")
        await stage.until(lambda: any("Connection (4)" in toast for toast in stage.toasts))
        assert engine.intents == []
        await stage.press("4", "r")
        await stage.until(lambda: engine.intents == [Reconnect()])


async def test_the_connection_is_closed_by_key(tmp_path: Path) -> None:
    engine = RecordingEngine()
    async with live(Recording(tmp_path).connect().commit().path, engine) as stage:
        await stage.until_shown("CONNECTED")
        await stage.press("D")
        await stage.until(lambda: engine.intents == [Disconnect()])


async def test_a_problem_that_is_noted_is_said_at_once(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        recording.note("Nobody is listening at ws://h [/].").commit()
        await stage.until(lambda: "Nobody is listening at ws://h [/]." in stage.toasts)


async def test_each_finding_leads_to_its_frame(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(20).raw("in", "{broken").calls(20, first=20)
    async with opened(recording.close()) as stage:
        await stage.press("5")
        await stage.until_shown("41", "§")
        await stage.press("enter")
        await stage.until(lambda: stage.view.view == "frames" and stage.rows("frames").cursor == 40)
        await stage.until_shown("{broken")


async def test_a_finding_is_told_in_full_below_the_list(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().frame("in", "stream_data", 99, 1, opener="nobody")
    async with opened(recording.close()) as stage:
        await stage.press("5")
        finding = stage.view.findings.row(0)
        assert finding is not None
        await stage.until(lambda: "".join(finding.text.split()) in "".join(stage.text.split()))


async def test_operations_are_listed_with_their_documentation_and_enter_opens_the_form(
    tmp_path: Path,
) -> None:
    engine = RecordingEngine()
    recording = Recording(tmp_path).connect()
    recording.describe(
        ("chat", "stream_stream", "Talk."), ("watch_prices", "request_stream", "Send prices.\n\nFor ever.")
    )
    recording.commit()
    async with live(recording.path, engine) as stage:
        await stage.press("6")
        await stage.until_shown("watch_prices", "Send prices.", "6 Ops 2")
        await stage.press("down")
        await stage.until_shown("For ever.")
        await stage.press("enter")
        await stage.until_shown("Stream", "watch_prices")
        await stage.until_shown("count")
        assert "10" in stage.line("count").split()
        await stage.press("f4")
        await stage.until_shown('"count": 10')
        await stage.press("ctrl+s")
        await stage.until(lambda: bool(engine.intents))
        sent = engine.intents[0]
        assert isinstance(sent, SendMessage)
        assert (sent.kind, sent.operation) == ("stream", "watch_prices")


async def test_without_a_connection_an_operation_opens_no_form(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(1)
    async with opened(recording.close()) as stage:
        await stage.press("6", "enter")
        await stage.until(lambda: any("recorded capture" in toast for toast in stage.toasts))
        assert stage.app.screen is stage.main


async def test_at_a_server_what_clients_call_is_told_from_what_they_offer(tmp_path: Path) -> None:
    recording = Recording(tmp_path, role="server").connect().commit()
    async with live(recording.path, RecordingEngine(), spec=ServerSpec()) as stage:
        await stage.press("6")
        await stage.until_shown("No client has described itself or called anything.")
        recording.frame("in", "request", 0, {"operation": "what_we_offer"}, opener=PEER).commit()
        await stage.until_shown("what_we_offer", "called here, learned")
        assert stage.line("called here, learned").startswith("▌← request")
        await stage.press("enter")
        await stage.until(lambda: any("The other side calls this one" in toast for toast in stage.toasts))
        assert stage.app.screen is stage.main


async def test_empty_lists_say_what_to_do(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        for key, hint in (("1", "Press c"), ("2", "Press c"), ("3", "Press c"), ("5", "Nothing has broken")):
            await stage.press(key)
            await stage.until_shown(hint)


REASON = (
    "The server is shutting down for maintenance and asks every client to connect again in "
    "five minutes, not earlier."
)


async def test_a_transition_is_told_in_full_above_the_handshake(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(1).state("CONNECTED", "LOST", code=4429, reason=REASON)
    async with opened(recording.close()) as stage:
        await stage.press("4", "end")
        await stage.until(lambda: REASON in " ".join(stage.text.replace("┃", " ").replace("│", " ").split()))
        about = stage.line("CONNECTED → ↯ LOST")
        assert "code 4429" in about
        assert stage.lines.index(about) < stage.lines.index(stage.line("Local peer"))
        await stage.press("up")
        await stage.until_shown("CONNECTING → ● CONNECTED", "for ")
        assert "code 4429" not in stage.line("CONNECTING → ● CONNECTED")


async def test_documentation_is_wrapped_between_words(tmp_path: Path) -> None:
    words = " ".join(["documentation"] * 20)
    recording = Recording(tmp_path).connect().describe(("chat", "stream_stream", words))
    async with opened(recording.close()) as stage:
        await stage.press("6")
        await stage.until_shown("documentation")
        shown = " ".join(stage.text.replace("│", " ").replace("┃", " ").split())
        assert words in shown


REFUSED = complete(
    [
        Stage(name="name", outcome="ok", came="h is an address"),
        Stage(name="TCP", outcome="failed", tried="connect [/]", came="refused", advice="Start the server"),
    ]
)


async def test_how_far_a_failed_connection_got_stands_beneath_its_transition_and_the_toast_leads_there(
    tmp_path: Path,
) -> None:
    recording = Recording(tmp_path).connect().state("CONNECTED", "CLOSED", code=1000).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        sentence = "Nobody is listening at ws://h [/]."
        recording.add(HandshakeSeen(conn=2, time_ns=recording.now_ns, handshake=to_handshake(REFUSED)))
        recording.state("CONNECTING", "LOST", reason=sentence, conn=2).note(sentence, conn=2).commit()
        await stage.until(lambda: f"{sentence} Connection (4) shows how far it got." in stage.toasts)
        await stage.press("4")
        await stage.until_shown("CONNECTING ↯ LOST")
        await stage.press("end")
        refused = "TCP    FAILED  connect [/]: refused. Start the server."
        await stage.until_shown("name   ok", refused, "frame  -       not reached")
        told = [stage.line(part) for part in ("CONNECTING → ↯ LOST  at", f" {sentence}", refused)]
        assert told == [line for line in stage.lines if line in told]
        await stage.press("home")
        await stage.until(lambda: "FAILED" not in stage.text)


async def test_a_problem_of_a_connection_that_came_about_leads_nowhere(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        recording.note("The disk is full.", conn=1).commit()
        await stage.until(lambda: "The disk is full." in stage.toasts)
