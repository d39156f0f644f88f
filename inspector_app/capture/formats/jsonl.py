"""A capture as text, one JSON object a line, and back: nothing is lost either way.

This module tells the form of the lines. The first is a header, `{"slipstream_capture": 1, …}`; each other one
is a record and says which in `kind`:

    frame       seq, t, conn, dir, type, id, op, size, raw; for a binary message also `binary`: true and,
                where its bytes are no UTF-8, `base64` with the exact bytes
    connection  t, conn, role, address, peer (this side's ID), handshake; before the first line of `conn`
    operations  t, conn, operations: what the peer of `conn` told that it offers
    state       t, conn, from, to, code, reason
    settled     t, conn, id, outcome, message: an exchange that ended without a frame
    note        t, conn, level, text
    finding     seq (of the finding), t, conn, frame (its seq), exchange (its number in the capture), rule,
                section (of the protocol), text; behind its frame

    mark        seq (of the frame before it, which it is on), t, note

`t` is ISO 8601 in UTC with nanoseconds; `id` is the `requestId` as the wire has it. All text is ASCII, so
lone surrogates, control characters and bidi marks are escapes. What a frame line tells besides `t`, `conn`,
`dir` and `raw`, and what a finding line tells, is for the reader's convenience: importing folds it anew.
Nothing is folded here; the two ways are `jsonl_out` and `jsonl_in`.
"""

from inspector_app.capture.formats.jsonl_in import Header, read
from inspector_app.capture.formats.jsonl_out import write

__all__ = ["Header", "read", "write"]
