"""The promise of redaction: no form of a planted secret is in any format."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector_app.capture.excerpt import EVERYTHING, Excerpt, Selection
from inspector_app.capture.formats.known import FORMATS
from inspector_app.capture.records import ConnectionOpened, HandshakeSeen
from inspector_app.capture.redaction import Redactor
from inspector_app.capture.store import CaptureReader
from tests.inspector_app.recordings import ME, Recording

SECRETS = st.text(
    st.one_of(
        st.characters(categories=["L", "N"], max_codepoint=0x2FFF),
        st.sampled_from("\"'\\/<>&+=%-_.:;,!`*|#@[]{}() é😀"),
    ),
    min_size=8,
    max_size=24,
).filter(lambda text: text == text.strip() and len(set(text)) > 4 and not re.fullmatch(r"[A-Za-z_-]+", text))


def planted(folder: Path, secret: str) -> Path:
    """A capture with a secret in every place there is, and in many forms."""
    recording = Recording(folder)
    recording.add(
        ConnectionOpened(
            conn=1,
            time_ns=recording.now_ns,
            role="client",
            address=f"ws://h/?x={quote(secret, safe='')}",
            local_peer=ME,
        )
    )
    basic = base64.b64encode(f"ada:{secret}".encode()).decode()
    recording.add(
        HandshakeSeen(
            conn=1,
            time_ns=recording.now_ns,
            handshake={"request_headers": [["Authorization", f"Basic {basic}"], ["X-Y", secret]]},
        )
    )
    recording.request(0, "early", text=f"before {secret} after", html=html.escape(secret))
    recording.request(1, "login", password=secret, user="ada")
    recording.respond(1, {"echo": [secret, secret[::-1]], secret: 1})
    recording.raw("in", json.dumps({"deep": json.dumps({"deeper": json.dumps({"v": secret})})}))
    recording.raw("in", json.dumps({"v": secret}, ensure_ascii=False).replace("/", "\\/"))
    recording.raw("out", f"no JSON: {secret} and q={quote_plus(secret)}")
    for before in range(3):
        recording.raw("in", base64.b64encode(b"_" * before + secret.encode() + b"~~~").decode())
    recording.raw("in", b"\xff\xfe" + secret.encode() + b"\x00")
    recording.fail(0, f"wrong: {secret}")
    recording.note(f"a note with {secret}").settle(7, "timeout", secret)
    recording.state("CONNECTED", "LOST", code=1006, reason=secret[:100])
    return recording.close()


def readings(data: bytes) -> Iterator[str]:
    """What somebody may read out of an export: as it is, and with the escapes of each format undone."""
    text = data.decode("utf-8", "replace")
    for _ in range(5):
        yield text
        yield html.unescape(text)
        yield re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
        yield unquote(text)
        yield text.replace('""', '"')
        text = re.sub(r'\\(?:u([0-9a-fA-F]{4})|(["\\/]))', _unescaped, text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for found in re.findall(r"[A-Za-z0-9+/_-]{10,}={0,2}", data.decode("utf-8", "replace")):
        for start in range(4):
            part = found[start:].rstrip("=").replace("-", "+").replace("_", "/")
            yield base64.b64decode(part[: len(part) // 4 * 4]).decode("utf-8", "replace")


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2]


def exported(capture: Path, name: str, selection: Selection = EVERYTHING) -> bytes:
    reader = CaptureReader(capture)
    out = io.BytesIO()
    if name == "parquet":
        pytest.importorskip(
            "pyarrow", reason="pyarrow is not installed: pip install -e '.[parquet]' brings it"
        )
    write = FORMATS[name].writer()
    excerpt = Excerpt(reader, selection, redactor=Redactor())
    excerpt.begin()
    write(excerpt, out)
    reader.close()
    return out.getvalue()


def check(name: str, secret: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = exported(planted(Path(folder), secret), name)
    assert secret.encode() not in data
    for reading in readings(data):
        assert secret not in reading


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=6, deadline=None, derandomize=True, database=None)
@given(secret=SECRETS)
def test_no_form_of_a_secret_is_in_any_format(name: str, secret: str) -> None:
    check(name, secret)


@pytest.mark.proof
@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=150, deadline=None, database=None)
@given(secret=SECRETS)
def test_no_form_of_any_secret_is_in_any_format(name: str, secret: str) -> None:
    check(name, secret)


def test_without_redaction_the_secret_is_found_so_the_search_is_a_search(tmp_path: Path) -> None:
    capture = planted(tmp_path, "hunter2 & <co>")
    reader = CaptureReader(capture)
    for each in FORMATS.values():
        if each.name == "parquet":
            continue
        out = io.BytesIO()
        each.writer()(Excerpt(reader), out)
        assert any("hunter2 & <co>" in reading for reading in readings(out.getvalue())), each.name
    reader.close()


def test_more_secrets_than_have_room_are_replaced_where_a_rule_finds_them(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number in range(30):
        recording.request(number, "login", password=f"secret-number-{number:04}")
    reader = CaptureReader(recording.request(30, "again", password="secret-number-0029").close())
    excerpt = Excerpt(reader, redactor=Redactor(most=10))
    excerpt.begin()
    out = io.BytesIO()
    FORMATS["jsonl"].writer()(excerpt, out)
    reader.close()
    told = excerpt.told
    assert b"secret-number" not in out.getvalue()
    assert (len(told.secrets), told.beyond, told.count) == (10, 21, 31)
    assert told.report()[0].startswith("Redacted more than 10 secrets in 31 places")
    names = re.findall(r"password-x\w+", out.getvalue().decode())
    assert (len(names), len(set(names)), names[-1] == names[-2]) == (21, 20, True)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "parquet"])
@pytest.mark.parametrize("typed", ["", "type:response"])
def test_a_short_secret_in_the_name_of_an_operation_leaves_with_no_frame(
    tmp_path: Path, name: str, typed: str
) -> None:
    recording = Recording(tmp_path).connect().request(0, "unlock pin=8461").respond(0, "done")
    data = exported(recording.close(), name, Selection(filter=typed))
    assert b"8461" not in data
    if not typed or name in ("jsonl", "csv", "markdown", "html"):
        assert "unlock pin" in data.decode()


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_secret_that_frames_were_chosen_by_is_not_in_the_report(tmp_path: Path, name: str) -> None:
    recording = Recording(tmp_path).connect().request(0, "login", password="hunter22")
    report = exported(recording.close(), name, Selection(filter="data.password:hunter22")).decode()
    assert "hunter22" not in report
    assert "frames that match data.password:" in report.replace("\\", "")


def test_a_secret_that_a_format_has_no_place_for_is_not_counted(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect(address="ws://ada:hunter22@h/").request(0, "x", token="abc").close()
    for name, secrets in (("csv", 1), ("jsonl", 2)):
        reader = CaptureReader(capture)
        excerpt = Excerpt(reader, redactor=Redactor())
        excerpt.begin()
        FORMATS[name].writer()(excerpt, io.BytesIO())
        reader.close()
        report = excerpt.told.report()
        assert report[0].startswith(f"Redacted {secrets} secret")
        assert len(report) == 1 + secrets
