"""The library plays every conformance case, as responder and as opener, in memory."""

from __future__ import annotations

import pytest

from inspector_app.check.cases import Case, load_cases
from inspector_app.check.player import play
from tests.conformance.subject import library
from tests.slipstream.support import emptied

PATIENCE_S = 0.5


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.path)
async def test_the_library_conforms(case: Case) -> None:
    async with library(case) as (wire, program, protocol):
        difference = await play(case, wire, program=program, timeout_s=PATIENCE_S)
    assert difference is None
    await emptied(protocol)
