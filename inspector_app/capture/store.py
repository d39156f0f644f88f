"""The capture file: one writer, any number of readers, one kind of error.

This is the face of the store for the rest of the inspector; it re-exports `writer`, `reader`,
`tidying` and `errors`.
"""

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.tidying import tidy
from inspector_app.capture.writer import CaptureWriter

__all__ = ["CaptureError", "CaptureReader", "CaptureWriter", "tidy"]
