"""Rules about frames as they went by: I2 one ending in each direction, I10 credit, and who may say what."""

from __future__ import annotations

from collections.abc import Iterator

from tests.sim.plan import SIDES, other
from tests.sim.rules import Facts, Seen, Violation, broken

_OPENINGS = {"request": "unary", "stream_request": "stream", "stream_stream_request": "bidi"}
# After the opening, what each side of each kind may send, and which of that is its last word.
_ITEMS = {("stream", "responder"), ("bidi", "opener"), ("bidi", "responder")}
_HALF_ENDS = {("bidi", "opener"), ("bidi", "responder")}
_LAST_WORDS = {
    ("unary", "opener"): {"error"},
    ("unary", "responder"): {"response", "error"},
    ("stream", "opener"): {"error", "stream_end"},
    ("stream", "responder"): {"error", "stream_end"},
    ("bidi", "opener"): {"error"},
    ("bidi", "responder"): {"error"},
}


def each_direction_ends_once(facts: Facts) -> Iterator[Violation]:
    """I2: at most one ending in each direction of an exchange, and nothing after it."""
    for exchange, frames in facts.by_exchange.items():
        opening = frames[0]
        kind = _OPENINGS.get(opening.kind)
        if kind is None or opening.what != "sent" or opening.side != exchange[0]:
            yield Violation("I2", f"{exchange} began with {opening.what} {opening.kind} at {opening.side}")
            continue
        for side in SIDES:
            sent = [seen.kind for seen in frames if seen.side == side and seen.what == "sent"]
            role = "opener" if side == exchange[0] else "responder"
            yield from _one_direction(
                f"{exchange} from {side}", kind, role, sent[1:] if role == "opener" else sent
            )


def _one_direction(name: str, kind: str, role: str, sent: list[str]) -> Iterator[Violation]:
    half_ended = False
    for place, what in enumerate(sent):
        left = sent[place + 1 :]
        if what in _LAST_WORDS[kind, role]:
            yield from broken("I2", (not left, f"{name}: {what}, and after it {left}"))
            return
        if what == "stream_end" and (kind, role) in _HALF_ENDS:
            yield from broken("I2", (not half_ended, f"{name}: its half ended twice"))
            half_ended = True
        else:
            legal = what == "stream_data" and (kind, role) in _ITEMS
            yield from broken(
                "I2",
                (legal, f"{name}: a {role} of a {kind} exchange never sends {what}"),
                (not half_ended, f"{name}: {what} after the end of its half"),
            )


def openings_are_counted(facts: Facts) -> Iterator[Violation]:
    """§2: the exchanges of one side are numbered from 0 in the order of opening, without a gap."""
    for side in SIDES:
        numbers = [
            seen.frame["requestId"][1]
            for seen in facts.frames
            if seen.what == "sent" and seen.side == side and seen.kind in _OPENINGS
        ]
        yield from broken("§2", (numbers == list(range(len(numbers))), f"{side} opened {numbers}"))


def the_hello_comes_first(facts: Facts) -> Iterator[Violation]:
    """§8: the first frame of each side has the hello, and no other does."""
    for side in SIDES:
        with_hello = [
            "hello" in (seen.frame.get("meta") or {})
            for seen in facts.frames
            if seen.what == "sent" and seen.side == side
        ]
        yield from broken(
            "§8", (sum(with_hello) == (1 if with_hello else 0), f"{side} said hello {sum(with_hello)} times")
        )
        yield from broken("§8", (all(with_hello[:1]), f"the first frame of {side} has no hello"))


def legacy_peers_get_nothing_they_would_choke_on(facts: Facts) -> Iterator[Violation]:
    """§8: no reserved operations, `meta` or cancelling errors go to a peer that is not known to be modern."""
    for side in SIDES:
        knows = False
        for seen in facts.frames:
            if seen.side == side and seen.what == "read":
                knows = knows or "hello" in (seen.frame.get("meta") or {})
            elif seen.side == side and not knows:
                yield from broken("§8", (_is_plain(seen, side), f"{side} sent {seen.frame} to a legacy peer"))


def _is_plain(seen: Seen, side: str) -> bool:
    data = seen.frame.get("data")
    operation = str(data.get("operation")) if isinstance(data, dict) else ""
    told = data.get("code") if isinstance(data, dict) else None
    cancels = seen.kind == "error" and seen.frame["requestId"][0] == side and told == "cancelled"
    extensions = set(seen.frame.get("meta") or {}) - {"hello"}
    return not (operation.startswith("slipstream.") or cancels or extensions)


def credit_is_kept(facts: Facts) -> Iterator[Violation]:
    """I10: between modern peers nobody has sent more items than the other side had granted."""
    if facts.plan.legacy:
        return
    for side in SIDES:
        yield from _credit_of(facts, side)


def _credit_of(facts: Facts, sender: str) -> Iterator[Violation]:
    window = facts.plan.limits[other(sender)].credit
    hello_s: float | None = None
    granted: dict[tuple[str, int], int] = {}
    sent: dict[tuple[str, int], int] = {}
    over: set[tuple[str, int]] = set()
    for seen in facts.frames:
        if seen.side != sender:
            continue
        if seen.what == "read":
            hello_s = seen.time_s if hello_s is None else hello_s
            data = seen.frame.get("data")
            if isinstance(data, dict) and data.get("operation") == "slipstream.credit":
                exchange = (data["requestId"][0], data["requestId"][1])
                granted[exchange] = max(granted.get(exchange, window), data["limit"])
        elif seen.kind == "stream_data" and seen.exchange is not None:
            count = sent[seen.exchange] = sent.get(seen.exchange, 0) + 1
            limit = granted.get(seen.exchange, window)
            before_hello = hello_s is None or _begun_s(facts, seen.exchange, sender, count) <= hello_s
            text = f"{sender} sent item {count} of {seen.exchange} with credit for {limit}"
            if count > limit and not before_hello and seen.exchange not in over:
                over.add(seen.exchange)
                yield Violation("I10", text)


def credit_follows_consumption(facts: Facts) -> Iterator[Violation]:
    """I10: a reader grants no more than its window beyond what its program has consumed."""
    number_of = {exchange: number for number, exchange in facts.exchange_of_call.items()}
    for seen in facts.frames:
        data = seen.frame.get("data")
        if seen.what != "sent" or not isinstance(data, dict) or data.get("operation") != "slipstream.credit":
            continue
        number = number_of[data["requestId"][0], data["requestId"][1]]
        mine = facts.call(number).side == seen.side
        reader = facts.history.asked[number] if mine else facts.handler(number)
        window = facts.plan.limits[seen.side].credit
        read = sum(time_s <= seen.time_s for time_s in reader.received_at_s) if reader is not None else 0
        # Of what nobody reads any more so much is let through as its sender needs to learn that.
        leaves = facts.call(number).asking.takes if mine else facts.call(number).answering.takes
        over = reader is None or (reader.ended_s is not None and reader.ended_s <= seen.time_s)
        left = over or leaves is not None
        text = f"{seen.side} granted {data['limit']} on call {number}, of which {read} were consumed"
        yield from broken("I10", (data["limit"] <= read + window or left, text))


def _begun_s(facts: Facts, exchange: tuple[str, int], sender: str, count: int) -> float:
    """When the program began to send the item of this number."""
    number = next(number for number, one in facts.exchange_of_call.items() if one == exchange)
    part = facts.history.asked[number] if exchange[0] == sender else facts.handler(number)
    assert part is not None
    return part.sending_s[count - 1] if count <= len(part.sending_s) else float("inf")
