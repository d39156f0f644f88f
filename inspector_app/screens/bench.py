"""What the app has for sending, whatever world is looked at: the session and the history."""

from __future__ import annotations

from pathlib import Path

from inspector_app.capture.files import data_folder
from inspector_app.messages.history import FILE_NAME, History
from inspector_app.settings import Settings
from inspector_app.viewer.session import Session, usual_folder


class Bench:
    """Both, as the settings in the folder `config` have them. Raises `CaptureError` without a data folder."""

    def __init__(self, settings: Settings, config: Path) -> None:
        self.session = Session(usual_folder(settings.collections, config), environment=settings.environment)
        self.history = History(data_folder() / FILE_NAME)
