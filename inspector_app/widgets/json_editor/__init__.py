"""A field for JSON, and one for text that may be none."""

from inspector_app.widgets.json_editor.area import RawArea
from inspector_app.widgets.json_editor.editor import JsonEditor

__all__ = ["JsonEditor", "RawArea"]
