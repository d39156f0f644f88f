"""One language for filters: in the app, on the command line, for exports. `docs/filter.md` tells it.

    filter = parse_filter("type:error latency:>200ms")
    prepare(connection)
    sql, parameters = where(filter, now_ns=time.time_ns())
    connection.execute(f"SELECT seq FROM frames WHERE {sql} ORDER BY seq", parameters)

A filter is read by a grammar, its terms by one table of fields, and it becomes a condition on `frames` whose
every value is a parameter. Nothing here opens a capture.
"""

from __future__ import annotations

from inspector_app.capture.filter.complete import Completion, Known, complete
from inspector_app.capture.filter.errors import FilterError
from inspector_app.capture.filter.functions import prepare
from inspector_app.capture.filter.grammar import warm_up
from inspector_app.capture.filter.narrowing import narrowings
from inspector_app.capture.filter.sql import Where, interpreted, where
from inspector_app.capture.filter.terms import Filter, parse_filter
from inspector_app.capture.filter.writing import only, path_field

__all__ = [
    "Completion",
    "Filter",
    "FilterError",
    "Known",
    "Where",
    "complete",
    "interpreted",
    "narrowings",
    "only",
    "parse_filter",
    "path_field",
    "prepare",
    "warm_up",
    "where",
]
