"""Strategies for what may stand in a frame, and in what is none: also for longer runs elsewhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from slipstream.frames import MessageType

# Also lone surrogates: hypothesis leaves them out unless asked.
any_text = st.text(st.characters(exclude_categories=()), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | any_text
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(any_text, inner), max_leaves=6)
type_names = st.sampled_from([member.value for member in MessageType])


def _spelled(name: str) -> st.SearchStrategy[str]:
    return st.lists(st.booleans(), min_size=len(name), max_size=len(name)).map(
        lambda upper: "".join(
            letter.upper() if up else letter for letter, up in zip(name, upper, strict=True)
        )
    )


fields = st.fixed_dictionaries(
    {},
    optional={
        "type": type_names | type_names.flatmap(_spelled) | values,
        "requestId": st.tuples(any_text, st.integers()) | st.tuples(scalars, scalars) | values,
        "peerID": any_text | st.text(min_size=127, max_size=130) | values,
        "data": values,
        "meta": st.dictionaries(any_text, values) | values,
        "unknown": values,
    },
)
# Every kind of frame, right but for at most one field.
right: dict[str, Any] = {"type": "request", "requestId": ["p", 1], "peerID": "p", "data": {"operation": "a"}}
mutants = st.builds(
    lambda name, field, value: {**right, "type": name, field: value},
    type_names,
    st.sampled_from(["type", "requestId", "peerID", "data", "meta"]),
    values | st.tuples(scalars, scalars),
)
