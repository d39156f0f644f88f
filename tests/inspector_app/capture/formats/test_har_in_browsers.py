"""A HAR is opened by the browsers that it is for, in their own tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.inspector_app.capture.formats.browsers import (
    DEVTOOLS,
    firefox,
    in_chromium,
    needs_chromium,
    needs_firefox,
)
from tests.inspector_app.capture.formats.exports import exported, hostile
from tests.inspector_app.capture.formats.test_har import two_connections

_IMPORT = """
const [har, done] = arguments;
(async () => {
    const {require} = ChromeUtils.importESModule("resource://devtools/shared/loader/Loader.sys.mjs");
    const {gDevTools} = require("devtools/client/framework/devtools");
    const toolbox = await gDevTools.showToolboxForTab(gBrowser.selectedTab, {toolId: "netmonitor"});
    const panel = toolbox.getCurrentPanel().panelWin;
    const {HarMenuUtils} = panel.windowRequire("devtools/client/netmonitor/src/har/har-menu-utils");
    const faults = [];
    HarMenuUtils.appendPreview(har, panel.actions, fault => faults.push(fault));
    const rows = () => [...panel.document.querySelectorAll(".request-list-item")];
    while (!faults.length && !rows().length) await new Promise(then => panel.requestAnimationFrame(then));
    return {faults, rows: rows().map(row => [...row.querySelectorAll("td")].map(cell => cell.textContent))};
})().then(done, error => done({faults: [String(error), error.stack]}));
"""


def as_chromium_shows(har: Path, entry: int) -> list[tuple[str, str]]:
    """How the row of each message is marked, and its text."""
    log = json.loads(har.read_bytes())["log"]
    return [
        (message["type"], message["data"] if message["opcode"] == 1 else "Binary Message")
        for message in log["entries"][entry]["_webSocketMessages"]
    ]


def shown_by_chromium(found: dict[str, Any], entry: int) -> list[tuple[str, str]]:
    return [
        (marks.split("view-row-")[1].split()[0].partition("-")[0], text)
        for marks, text, *_ in found["messages"][entry]
    ]


def written(folder: Path, capture: Path) -> Path:
    har = folder / "capture.har"
    har.write_bytes(exported(capture, "har"))
    return har


@needs_chromium
def test_chromium_shows_the_connections_of_a_har_and_the_messages_of_each(tmp_path: Path) -> None:
    har = written(tmp_path, two_connections(tmp_path))
    found = in_chromium(DEVTOOLS, har)
    assert [row[1:3] for row in found["rows"]] == [["101Switching Protocols", "websocket"]] * 2
    assert found["rows"][0][0] == "a?x=1&y=a%20bh"
    for entry in (0, 1):
        assert shown_by_chromium(found, entry) == as_chromium_shows(har, entry)


@needs_chromium
def test_chromium_shows_hostile_messages_of_a_har_as_text(tmp_path: Path) -> None:
    har = written(tmp_path, hostile(tmp_path))
    found = in_chromium(DEVTOOLS, har)
    assert shown_by_chromium(found, 0) == as_chromium_shows(har, 0)


@needs_firefox
def test_firefox_shows_the_connections_of_a_har(tmp_path: Path) -> None:
    """It reads no messages of a WebSocket from a HAR: what it shows is the handshake of each."""
    har = written(tmp_path, two_connections(tmp_path))
    with firefox(tmp_path / "profile") as browser:
        found = browser.run(_IMPORT, har.read_text("ascii"))
    assert found["faults"] == []
    first, second = found["rows"]
    assert first[:4] == ["101", "GET", "h:1", "a?x=1&y=a b"]
    assert second[:4] == ["101", "GET", "h:2", "/"]
