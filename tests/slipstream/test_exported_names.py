"""The public names, their kinds and signatures are what the record says: none changes by accident."""

from __future__ import annotations

from tests.slipstream.exported_names import RECORD, lines


def test_the_library_exports_what_is_on_record() -> None:
    recorded = RECORD.read_text().splitlines()
    assert lines() == recorded, "If this was meant, `python -m tests.slipstream.exported_names` records it"
