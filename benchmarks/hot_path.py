"""What the steps of a call cost without sockets and tasks: `python benchmarks/hot_path.py [REPETITIONS]`.

Each step runs in batches, all steps in turn; a batch's processor time is divided by what `json.loads` and
`json.dumps` take for the text of the request's frame, in the batch before. Printed is the median of these
ratios, and the microseconds for information. `data` is JSON of 100 or 2,048 bytes, as in `speed.py`.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from pydantic import BaseModel
from speed_peers.workloads import data_of

from slipstream import MessageType, ProtocolHandler, request_response
from slipstream.exchanges import ExchangeKind, ExchangeTable
from slipstream.frames import Frame, decode, encode
from slipstream.handlers import Registry
from slipstream.outbox import Outbox
from slipstream.session import Session

BATCH = 1000
PASS = 50
"""Messages that are posted in one pass of the event loop."""


class Call(BaseModel):
    """What the operation takes."""

    operation: str
    number: int
    text: str


class Handler(ProtocolHandler):
    """What `data` is validated for."""

    @request_response
    async def echo(self, call: Call) -> str:
        """Answer with the text."""
        return call.text


class Memory:
    """A wire that takes everything at once."""

    async def read(self, receive: object) -> None:
        """Nothing comes."""

    def write(self, messages: Sequence[str]) -> Awaitable[None] | None:
        """Take them."""

    def unsent_bytes(self) -> int:
        """Nothing waits."""
        return 0


class Steps:
    """The steps of calls with one payload. Each returns the seconds of one batch."""

    def __init__(self, payload_bytes: int) -> None:
        self.data = data_of(payload_bytes)
        opener, self.responder = Session("o" * 36), Session("r" * 36)
        deliver(opener, self.responder, self.data)  # the two know each other from here on
        self.opener = opener
        opener.open(ExchangeKind.UNARY, self.data, timeout_s=600.0)
        self.text = opener.outgoing.pop()
        self.frame = decode(self.text)

    def reading_and_writing_json(self) -> float:
        """What all others are divided by."""
        with timed() as took:
            for _ in range(BATCH):
                json.dumps(json.loads(self.text))
        return took[0]

    def decoding_a_request(self) -> float:
        """Text to frame."""
        with timed() as took:
            for _ in range(BATCH):
                decode(self.text)
        return took[0]

    def encoding_a_response(self) -> float:
        """Frame to text."""
        frame = Frame(MessageType.RESPONSE, ("o" * 36, 7), "r" * 36, self.data)
        with timed() as took:
            for _ in range(BATCH):
                encode(frame)
        return took[0]

    def folding_a_call(self) -> float:
        """Request and response in the table of exchanges, as the responder sees them."""
        table, size = ExchangeTable("r" * 36), len(self.text)
        ids = [("o" * 36, number) for number in range(BATCH)]
        calls = [Frame(MessageType.REQUEST, one, "o" * 36, self.data) for one in ids]
        answers = [Frame(MessageType.RESPONSE, one, "r" * 36, self.data) for one in ids]
        with timed() as took:
            for call, answer in zip(calls, answers, strict=True):
                table.received(call, size)
                table.sent(answer, size)
        return took[0]

    def receiving_a_request(self) -> float:
        """Message to event, in the responder's session."""
        ids = [self.opener.open(ExchangeKind.UNARY, self.data, timeout_s=600.0) for _ in range(BATCH)]
        texts, self.opener.outgoing[:] = list(self.opener.outgoing), []
        with timed() as took:
            for text in texts:
                self.responder.receive(text)
        for one in ids:
            self.responder.respond(one, None)
        self.pass_on(self.responder, self.opener)
        return took[0]

    def a_whole_call(self) -> float:
        """Request and response through both sessions."""
        with timed() as took:
            for _ in range(BATCH):
                deliver(self.opener, self.responder, self.data)
        return took[0]

    def an_item(self) -> float:
        """One item through both sessions; its window is topped up beforehand."""
        one = self.opener.open(ExchangeKind.SERVER_STREAM, self.data)
        self.pass_on(self.opener, self.responder)
        with timed() as took:
            for _ in range(BATCH):
                self.responder.send_item(one, self.data)
                self.pass_on(self.responder, self.opener)
        self.responder.end(one)
        self.pass_on(self.responder, self.opener)
        return took[0]

    def validating_the_model(self) -> float:
        """`data` to the handler's argument."""
        endpoint = Registry.of(Handler()).find("echo", MessageType.REQUEST)
        with timed() as took:
            for _ in range(BATCH):
                endpoint.prepare(self.data)
        return took[0]

    def posting_and_flushing(self) -> float:
        """A message through the outbox to a wire in memory, `PASS` of them in one pass of the loop."""
        return asyncio.run(self._post())

    async def _post(self) -> float:
        outbox = Outbox(Memory(), written=lambda *_: None, broken=lambda _: None)
        with timed() as took:
            for _ in range(BATCH // PASS):
                for _ in range(PASS):
                    outbox.post(self.text)
                await outbox.flushed()
        return took[0]

    @staticmethod
    def pass_on(sender: Session, receiver: Session) -> None:
        """Give a session what the other wants written."""
        for text in sender.outgoing:
            receiver.receive(text)
        sender.outgoing.clear()


def deliver(opener: Session, responder: Session, data: dict[str, object]) -> None:
    """One call and its answer."""
    one = opener.open(ExchangeKind.UNARY, data, timeout_s=600.0)
    Steps.pass_on(opener, responder)
    responder.respond(one, data)
    Steps.pass_on(responder, opener)


@contextmanager
def timed() -> Iterator[list[float]]:
    """The list gets the seconds of processor time that the block took."""
    took: list[float] = []
    began = time.thread_time()
    yield took
    took.append(time.thread_time() - began)


def main(repetitions: int) -> None:
    """Measure in turn, then print."""
    for payload_bytes in (100, 2048):
        steps = Steps(payload_bytes)
        measures: list[Callable[[], float]] = [
            steps.decoding_a_request,
            steps.encoding_a_response,
            steps.folding_a_call,
            steps.receiving_a_request,
            steps.a_whole_call,
            steps.an_item,
            steps.validating_the_model,
            steps.posting_and_flushing,
        ]
        times: dict[str, list[float]] = {measure.__name__: [] for measure in measures}
        ratios: dict[str, list[float]] = {measure.__name__: [] for measure in measures}
        bases: list[float] = []
        for _ in range(repetitions):
            for measure in measures:
                bases.append(steps.reading_and_writing_json())
                times[measure.__name__].append(measure())
                ratios[measure.__name__].append(times[measure.__name__][-1] / bases[-1])
        print(f"{f'{payload_bytes} B':<28}{'ratio to json':>14}{'µs':>8}")
        print(f"{'reading and writing json':<28}{1:>14.2f}{statistics.median(bases) / BATCH * 1e6:>8.2f}")
        for name, ratio in ratios.items():
            microseconds = statistics.median(times[name]) / BATCH * 1e6
            print(f"{name.replace('_', ' '):<28}{statistics.median(ratio):>14.2f}{microseconds:>8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 31)
