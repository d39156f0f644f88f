"""Times, sizes, counts and names as short text, and the glyph and style name that go with each.

Pure functions: no clock, no theme, no widget. Every glyph is one cell wide, so colour is never the only
carrier of a meaning. Times are integer nanoseconds since the Unix epoch, durations integer nanoseconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

MICROSECOND_NS: Final = 1_000
MILLISECOND_NS: Final = 1_000_000
SECOND_NS: Final = 1_000_000_000

DIRECTION_GLYPH: Final = {"in": "←", "out": "→"}

TYPE_SHORT: Final = {
    "request": "request",
    "response": "response",
    "stream_request": "stream_req",
    "stream_stream_request": "bidi_req",
    "stream_data": "data",
    "stream_end": "end",
    "error": "error",
    "fire_and_forget": "one_way",
}
"""The eight types of protocol.md §3 in at most ten cells."""

KIND_WORD: Final = {
    "request_response": "request",
    "request_stream": "stream",
    "stream_stream": "bidirectional",
    "fire_and_forget": "one-way",
}

OUTCOME_GLYPH: Final = {
    "pending": "◔",
    "ok": "✓",
    "error": "✗",
    "timeout": "◷",
    "cancelled": "⊘",
    "overflow": "»",
    "closed": "■",
    "lost": "↯",
}
OUTCOME_WORD: Final = {"timeout": "timed out"}

STATE_GLYPH: Final = {
    "CONNECTING": "◌",
    "CONNECTED": "●",
    "LISTENING": "●",
    "CLOSING": "◐",
    "CLOSED": "○",
    "LOST": "↯",
    "OPEN": "●",
    "HALF_CLOSED_LOCAL": "◐",
    "HALF_CLOSED_REMOTE": "◑",
}
"""States of a connection (protocol.md §6) and of an exchange (§5)."""

LEVEL_GLYPH: Final = {"info": "·", "warning": "!", "problem": "✗"}


# -- times ------------------------------------------------------------------------------------------------


def clock(time_ns: int) -> str:
    """Return the local time of day with milliseconds: `11:20:33.042`."""
    seconds, rest = divmod(time_ns, SECOND_NS)
    local = datetime.fromtimestamp(seconds)  # noqa: DTZ006  # a person reads the time of their own place
    return f"{local:%H:%M:%S}.{rest // MILLISECOND_NS:03}"


def date_and_clock(time_ns: int) -> str:
    """Return the local date and time to the second: `2026-11-22 11:20:33`."""
    local = datetime.fromtimestamp(time_ns // SECOND_NS)  # noqa: DTZ006  # a person reads the time of their own place
    return f"{local:%Y-%m-%d %H:%M:%S}"


def since_start(time_ns: int, start_ns: int) -> str:
    """Return the time since `start_ns` in seconds, minutes or hours: `12.345`, `3:04.120`, `1:02:03.400`."""
    elapsed_ms = max(0, time_ns - start_ns) // MILLISECOND_NS
    minutes, milliseconds = divmod(elapsed_ms, 60_000)
    seconds = f"{milliseconds // 1000:02}.{milliseconds % 1000:03}"
    if not minutes:
        return f"{milliseconds // 1000}.{milliseconds % 1000:03}"
    if minutes < 60:
        return f"{minutes}:{seconds}"
    return f"{minutes // 60}:{minutes % 60:02}:{seconds}"


def delta(elapsed_ns: int) -> str:
    """Return a signed difference of times: `+12 ms`."""
    return f"{'-' if elapsed_ns < 0 else '+'}{duration(abs(elapsed_ns))}"


def duration(elapsed_ns: int) -> str:
    """Return a duration in the unit a person would say it in: `840 µs`, `12 ms`, `1.2 s`, `3m 04s`."""
    elapsed_ns = max(0, elapsed_ns)
    if elapsed_ns < MILLISECOND_NS:
        return f"{elapsed_ns // MICROSECOND_NS} µs"
    if elapsed_ns < 10 * MILLISECOND_NS:
        return f"{elapsed_ns // 100_000 / 10:.1f} ms"
    if elapsed_ns < SECOND_NS:
        return f"{elapsed_ns // MILLISECOND_NS} ms"
    if elapsed_ns < 60 * SECOND_NS:
        return f"{elapsed_ns // (100 * MILLISECOND_NS) / 10:.1f} s"
    return age(elapsed_ns)


def age(elapsed_ns: int) -> str:
    """Return a duration in whole seconds, calm enough to be redrawn as it grows: `4 s`, `3m 04s`, `2h 03m`.

    Takes at most seven cells up to a hundred days.
    """
    seconds = max(0, elapsed_ns) // SECOND_NS
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}m {seconds:02}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h {minutes:02}m"
    return f"{hours // 24}d {hours % 24:02}h"


def short_age(elapsed_ns: int) -> str:
    """Return an age by its largest unit alone, in at most four cells: `4 s`, `12m`, `3h`, `120d`."""
    return age(elapsed_ns).split(" ")[0] if elapsed_ns >= 60 * SECOND_NS else age(elapsed_ns)


def short_duration(elapsed_ns: int) -> str:
    """Return a duration in at most six cells: `840 µs`, `59.9 s`; from a minute on as `short_age` does."""
    return duration(elapsed_ns) if elapsed_ns < 60 * SECOND_NS else short_age(elapsed_ns)


# -- sizes, counts, rates ---------------------------------------------------------------------------------


def size(size_bytes: int) -> str:
    """Return a size in decimal units: `512 B`, `1.2 kB`, `34 kB`, `1.0 MB`."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value, units = size_bytes / 1000, ["kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.1f} {units[0]}" if value < 9.95 else f"{value:.0f} {units[0]}"


def count(number: int) -> str:
    """Return a count with its thousands set apart: `1,204`."""
    return f"{number:,}"


def short_count(number: int) -> str:
    """Return a count in at most five cells: `9,999`, `12.3k`, `450k`, `1.2M`."""
    if number < 10_000:
        return f"{number:,}"
    for unit, factor in (("k", 1_000), ("M", 1_000_000)):
        if number < 99_950 * factor // 1000:
            return f"{number / factor:.1f}{unit}"
        if number < 999_500 * factor // 1000:
            return f"{number / factor:.0f}{unit}"
    return f"{number / 1_000_000_000:.1f}G"


def rate(per_second: float) -> str:
    """Return a rate: `0/s`, `0.4/s`, `38/s`, `12.3k/s`."""
    if 0 < per_second < 9.95:
        return f"{per_second:.1f}/s"
    return f"{short_count(round(per_second))}/s"


# -- names ------------------------------------------------------------------------------------------------


def short_peer(peer_id: str | None) -> str:
    """Return the first eight characters of a peer ID; `-` when it is not known."""
    return peer_id[:8] if peer_id else "-"


def exchange_label(number: int | None, *, mine: bool | None) -> str:
    """Return who opened an exchange and its counter: `→ 12` is mine, `← 12` theirs; empty for None."""
    if number is None:
        return ""
    opener = {True: "→", False: "←", None: "·"}[mine]
    return f"{opener} {number}"


def outcome_label(outcome: str, code: str | None = None) -> str:
    """Return an outcome as glyph and word, an error with its code: `✓ ok`, `✗ not_found`, `◷ timed out`."""
    word = code if outcome == "error" and code else OUTCOME_WORD.get(outcome, outcome)
    return f"{OUTCOME_GLYPH.get(outcome, '?')} {word}"


def state_label(state: str) -> str:
    """Return a state as glyph and its name in protocol.md: `◐ HALF_CLOSED_LOCAL`."""
    return f"{STATE_GLYPH.get(state, '?')} {state}"


def halves(state: str) -> tuple[str, str]:
    """Return for an exchange's state (protocol.md §5) whether my half and theirs are `open` or `closed`."""
    out = "open" if state in {"OPEN", "HALF_CLOSED_REMOTE"} else "closed"
    into = "open" if state in {"OPEN", "HALF_CLOSED_LOCAL"} else "closed"
    return out, into


# -- style names: variables of a theme --------------------------------------------------------------------


def _kebab(name: str) -> str:
    return name.lower().replace("_", "-")


def type_style(frame_type: str | None) -> str:
    """Return the style name of a frame type: `type-stream-data`; `type-invalid` for what is no frame."""
    return f"type-{_kebab(frame_type)}" if frame_type in TYPE_SHORT else "type-invalid"


def direction_style(direction: str) -> str:
    """Return `dir-in` or `dir-out`."""
    return f"dir-{direction}"


def outcome_style(outcome: str) -> str:
    """Return the style name of an outcome, such as `outcome-timeout`."""
    return f"outcome-{outcome}"


def state_style(state: str) -> str:
    """Return the style name of a connection's or an exchange's state, such as `state-half-closed-local`."""
    return f"state-{_kebab(state)}"


def level_style(level: str) -> str:
    """Return the style name of a note's level, such as `severity-problem`."""
    return f"severity-{level}"
