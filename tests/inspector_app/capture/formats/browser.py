"""Opens a page in a browser without a window, and says as JSON what it did: run as a program of its own.

    python browser.py FILE

Needs PyQt6-WebEngine, which brings Chromium along. Printed are the title, the text, the number of arrows,
what was requested, console messages, and what scripts of the page changed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QUrl
from PyQt6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)
from PyQt6.QtWidgets import QApplication

_LOOK = """({
    title: document.title,
    text: document.body.innerText,
    arrows: document.querySelectorAll('svg line.arrow').length,
    hit: String(window.hit),
    font: getComputedStyle(document.body).fontSize,
    blocked: document.querySelectorAll('script, img, iframe, object, embed, link, form').length,
    active: [...document.querySelectorAll('*')].some(
        each => [...each.attributes].some(
            one => one.name.startsWith('on') || /^javascript:/i.test(one.value))),
})"""


class Requests(QWebEngineUrlRequestInterceptor):
    """Notes what is asked for."""

    seen: list[str]

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:  # noqa: N802 - Qt's name
        self.seen.append(info.requestUrl().toString())


class Page(QWebEnginePage):
    """Notes what the console says."""

    said: list[str]

    def javaScriptConsoleMessage(self, _level: Any, message: str | None, *_: Any) -> None:  # noqa: N802 - Qt's name
        self.said.append(str(message))


def main(file: Path) -> None:
    app = QApplication(["browser"])
    profile = QWebEngineProfile()
    requests = Requests()
    requests.seen = []
    profile.setUrlRequestInterceptor(requests)
    page = Page(profile)
    page.said = []

    def tell(found: Any) -> None:
        print(json.dumps({**found, "requests": requests.seen, "console": page.said}), flush=True)  # noqa: T201
        os._exit(0)  # Qt would take its parts down in an order that it does not bear

    def loaded(ok: bool) -> None:
        if ok:
            page.runJavaScript(_LOOK, tell)
        else:
            os._exit(1)

    page.loadFinished.connect(loaded)
    page.load(QUrl.fromLocalFile(str(file.absolute())))
    app.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
