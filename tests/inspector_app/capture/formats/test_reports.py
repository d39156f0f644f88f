"""Reports for people: what they tell, that they are bounded, and that nothing in them comes to life."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from inspector_app.capture.formats import report as told
from inspector_app.capture.formats.markdown_out import escaped
from tests.inspector_app.capture.formats.browsers import PAGE, in_chromium, needs_chromium
from tests.inspector_app.capture.formats.exports import HOSTILE, exported, hostile
from tests.inspector_app.recordings import Recording

TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "table",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "p",
    ),
    *("div", "pre", "a", "svg", "text", "line", "polygon"),
}


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    recording = Recording(tmp_path, "one.capture").connect().calls(3).request(9, "boom").fail(9, "it broke")
    return recording.raw("in", "nonsense").note("a gap").state("CONNECTED", "LOST", code=1006).close()


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_report_tells_what_there_is(capture: Path, name: str) -> None:
    page = exported(capture, name).decode()
    for part in (
        "Findings",
        "bad",
        "Exchanges",
        "it broke",
        "LOST",
        "a gap",
        "nonsense",
        "Nothing was redacted",
    ):
        assert part in page
    assert "Left out" not in page


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_report_of_many_frames_is_bounded_and_says_what_is_left_out(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("MOST_FRAMES", "MOST_ARROWS", "MOST_EXCHANGES", "MOST_FINDINGS", "MOST_EVENTS"):
        monkeypatch.setattr(told, limit, 5)
    monkeypatch.setattr(told, "LONGEST_RAW", 100)
    recording = Recording(tmp_path).connect().calls(20)
    for number in range(8):
        recording.raw("in", "x" * 500).note(f"note {number}")
    page = exported(recording.raw("out", "y" * 300).close(), name).decode().replace("\\", "")
    for part in ("44 of 49 frames", "15 of 20 exchanges", "4 of 9 findings", "4 of 9 transitions"):
        assert part in page
    assert page.count("note ") == 4
    assert "x" * 101 not in page


def test_a_report_says_of_how_many_messages_the_end_is_missing(tmp_path: Path) -> None:
    capture = Recording(tmp_path).raw("in", "x" * 300).raw("in", b"y" * 9000).raw("in", "z" * 200).close()
    in_markdown, in_html = exported(capture, "markdown").decode(), exported(capture, "html").decode()
    assert "what is beyond 240 characters of 2 frames" in in_markdown
    assert f"{'x' * 240} … (300 characters)" in in_markdown
    assert "what is beyond 2,000 characters of 1 frame" in in_html
    assert f"{'y' * 2000} … (9,000 bytes)" in in_html


def test_the_html_has_no_tag_or_attribute_but_its_own(tmp_path: Path) -> None:
    page = exported(hostile(tmp_path), "html").decode()
    found = Tags(page)
    assert found.tags <= TAGS
    assert not {name for name, _ in found.attributes if name.startswith("on") or name in ("src", "style")}
    assert all(value.startswith("#frame-") for name, value in found.attributes if name == "href")
    assert "\x1b" not in page
    assert "\u202e" not in page
    policy = next(value for name, value in found.attributes if "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


@needs_chromium
def test_the_html_opens_in_a_browser_which_asks_for_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_bytes(exported(hostile(tmp_path), "html"))
    found = in_chromium(PAGE, page)
    assert found["requests"] == [page.as_uri()]
    assert found["console"] == []
    assert (found["hit"], found["blocked"], found["active"]) == ("undefined", 0, False)
    assert found["font"] == "14px"  # its own style is let through
    assert found["arrows"] == 5
    assert "<script>window.hit=1</script>" in found["text"]


def test_markdown_shows_hostile_text_as_text(tmp_path: Path) -> None:
    page = exported(hostile(tmp_path), "markdown").decode()
    shown = MarkdownIt("gfm-like").render(page)
    found = Tags(shown)
    assert found.tags <= {"h1", "h2", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "p"}
    assert "\x1b" not in page


@pytest.mark.parametrize(
    "text", ["a|b", "# x", "`a`", "*a* _b_", "<b>", "a & b", "http://x.y", "x@y.zz", "\\"]
)
def test_markdown_gives_back_what_was_escaped(text: str) -> None:
    shown = MarkdownIt("gfm-like").render(f"x {escaped(text)}")
    assert Tags(shown).tags == {"p"}
    plain = re.sub(r"</?p>|\n", "", shown).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert plain == f"x {text}"


def test_hostile_text_is_hostile_so_the_tests_are_tests() -> None:
    assert Tags(HOSTILE).tags >= {"script", "img", "style"}
    assert "<a " in MarkdownIt("gfm-like").render(HOSTILE)
