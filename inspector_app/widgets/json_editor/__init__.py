"""A field for JSON."""

from inspector_app.widgets.json_editor.editor import JsonEditor

__all__ = ["JsonEditor"]
