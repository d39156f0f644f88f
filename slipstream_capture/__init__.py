"""Captures of slipstream-inspector for analysis: as tables for pandas and polars, and in notebooks.

    from slipstream_capture import Capture

    frames = Capture("night.capture").frames("op:login -status:ok")
    table = frames.to_pandas()

pandas and polars are used where they are installed and needed nowhere else: this package imports without
them. docs/analysis.md tells more.
"""

from inspector_app.capture.errors import CaptureError
from slipstream_capture.capture import Capture
from slipstream_capture.table import MissingPackageError, Table

__all__ = ["Capture", "CaptureError", "MissingPackageError", "Table"]
