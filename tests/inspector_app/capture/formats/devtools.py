"""Opens a HAR in Chromium's DevTools without a window, and says as JSON what they show: a program of its own.

    python devtools.py FILE

Needs PyQt6-WebEngine, which brings Chromium and its DevTools along. The file is given to the file input of
the Network panel; then each row is chosen, and its tab Messages. Printed are the cells of each row, and for
each the cells of its messages, with how their rows are marked.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QUrl
from PyQt6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile
from PyQt6.QtWebEngineWidgets import QWebEngineView
from PyQt6.QtWidgets import QApplication

_FOUND = "FOUND "
_FAILED = "FAILED "

_LOOK = """
(async (har) => {
    const all = (root, selector) => [...root.querySelectorAll('*')].flatMap(each => [
        ...(each.matches(selector) ? [each] : []),
        ...(each.shadowRoot ? all(each.shadowRoot, selector) : []),
    ]);
    const text = node => node.nodeType === Node.TEXT_NODE ? node.data : node.tagName === 'STYLE' ? '' :
        [...(node.shadowRoot ? node.shadowRoot.childNodes : []), ...node.childNodes].map(text).join('');
    const until = async what => {
        for (;;) {
            const found = what();
            if (found && found.length !== 0) return found;
            await new Promise(requestAnimationFrame);
        }
    };
    const rows = selector => all(document, selector).filter(row => text(row).trim());
    const requests = () => rows('.network-log-grid tr.data-grid-data-grid-node');
    const messages = () => rows('tr[class*="view-row-"]');
    const cells = row => [...row.cells].map(cell => text(cell));
    const tabs = name =>
        until(() => all(document, '.tabbed-pane-header-tab').filter(each => text(each) === name));
    const press = element => ['mousedown', 'click'].forEach(kind =>
        element.dispatchEvent(new MouseEvent(kind, {bubbles: true, composed: true})));

    press((await tabs('Network'))[0]);
    await until(() => all(document, 'button[jslog*="import-har"]'));
    const [input] = await until(() => all(document, 'input[type=file]'));
    const carried = new DataTransfer();
    carried.items.add(new File([har], 'capture.har'));
    input.files = carried.files;
    input.dispatchEvent(new Event('change'));

    const found = {rows: (await until(requests)).map(cells), messages: []};
    for (const place of found.rows.keys()) {
        const before = messages();
        press(requests()[place].cells[0]);
        press((await tabs('Messages'))[0]);
        const shown = await until(() => messages().filter(row => !before.includes(row)));
        found.messages.push(shown.map(row => [row.className, ...cells(row)]));
    }
    return found;
})(%s).then(
    found => console.log('FOUND ' + JSON.stringify(found)),
    error => console.log('FAILED ' + error.stack),
); 0
"""


class DevTools(QWebEnginePage):
    """Its console says what was found."""

    def javaScriptConsoleMessage(self, _level: Any, message: str | None, *_: Any) -> None:  # noqa: N802 - Qt's name
        said = str(message)
        if said.startswith(_FOUND):
            print(said.removeprefix(_FOUND), flush=True)  # noqa: T201
            os._exit(0)  # Qt would take its parts down in an order that it does not bear
        if said.startswith(_FAILED):
            print(said, file=sys.stderr, flush=True)  # noqa: T201
            os._exit(1)


def main(file: Path) -> None:
    app = QApplication(["devtools"])
    profile = QWebEngineProfile()
    inspected, devtools = QWebEnginePage(profile), DevTools(profile)
    view = QWebEngineView()  # what is not shown is not laid out
    view.setPage(devtools)
    view.resize(1400, 900)
    view.show()

    def loaded(ok: bool) -> None:
        if ok:
            devtools.runJavaScript(_LOOK % json.dumps(file.read_text("ascii")))

    devtools.loadFinished.connect(loaded)
    inspected.loadFinished.connect(lambda _: devtools.setInspectedPage(inspected))
    inspected.load(QUrl("about:blank"))
    app.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
