"""What docs/mock.md shows is so: each mock is hosted, and answers as the transcript below it says."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.filter.values import DURATIONS
from inspector_app.mock.script import answer_files, calls, expressions, memory, model, reading, values
from inspector_app.mock.script.fakes import FAKES
from inspector_app.mock.script.functions import FUNCTIONS
from inspector_app.mock.script.mock import load_mock
from inspector_app.mock.script.reading import MockFileError
from inspector_app.mock.script.schema import schema_text
from inspector_app.mock.script.scope import NAMES
from slipstream import BiStreamHandle, MessageType, Protocol, RemoteError, connect, describe, serve
from slipstream.handlers import Endpoint, Registry, RegistryHandler
from slipstream.streams import ItemStream

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "mock.md").read_text(encoding="utf-8")
WAIT_S = 20.0

BLOCKS = re.findall(r"^```(toml|text)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
EXAMPLES = [
    (mock, said)
    for (language, mock), (following, said) in itertools.pairwise(BLOCKS)
    if (language, following) == ("toml", "text")
]
LINE = re.compile(r"(?P<peer>\w*)(?P<way>[<>]) (?P<rest>.*)")


class Peer:
    """One client of a mock, and what it takes part in at the moment."""

    def __init__(self, protocol: Protocol, heard: asyncio.Queue[dict[str, Any]]) -> None:
        self.protocol = protocol
        self.heard = heard
        self.answer: asyncio.Task[Any] | None = None
        self.items: ItemStream | BiStreamHandle | None = None

    async def does(self, told: str) -> None:
        verb, _, rest = told.partition(" ")
        name, _, data = rest.partition(" ")
        match verb:
            case "request":
                self.items = None
                self.answer = asyncio.ensure_future(
                    self.protocol.request_response({"operation": name, **json.loads(data)})
                )
            case "stream":
                self.items = await self.protocol.request_stream({"operation": name, **json.loads(data)})
            case "bidirectional":
                self.items = await self.protocol.stream_stream({"operation": name, **json.loads(data)})
            case "oneway":
                await self.protocol.fire_and_forget({"operation": name, **json.loads(data)})
            case "item" if isinstance(self.items, BiStreamHandle):
                await self.items.send(json.loads(rest))
            case "end" if isinstance(self.items, BiStreamHandle):
                await self.items.aclose()
            case "describe":
                self.items, self.answer = None, asyncio.ensure_future(self._described(name))
            case _:
                raise AssertionError(told)

    async def _described(self, name: str) -> Any:
        return next(each for each in await describe(self.protocol) or [] if each["name"] == name)

    async def gets(self) -> str:
        """What came next, as a transcript writes it."""
        try:
            if self.items is not None:
                return json.dumps(await self.items.__anext__())
            assert self.answer is not None
            return json.dumps(await self.answer)
        except StopAsyncIteration:
            return "end"
        except RemoteError as error:
            return f"error {error.code}: {error.message}"

    async def hears(self) -> str:
        data = await self.heard.get()
        return f"oneway {data.pop('operation')} {json.dumps(data)}"


class Listening(RegistryHandler):
    """A client that takes whatever is sent to it."""

    def __init__(self, heard: asyncio.Queue[dict[str, Any]]) -> None:
        self._heard = heard

    def operations(self) -> Registry:
        return TakingAll(self._heard)


class TakingAll(Registry):
    __slots__ = ("_heard",)

    def __init__(self, heard: asyncio.Queue[dict[str, Any]]) -> None:
        super().__init__({})
        object.__setattr__(self, "_heard", heard)

    def find(self, name: str, message_type: MessageType) -> Endpoint:
        async def take(data: dict[str, Any]) -> None:
            heard: asyncio.Queue[dict[str, Any]] = object.__getattribute__(self, "_heard")
            heard.put_nowait(dict(data))

        return Endpoint(name, message_type, take)


@asynccontextmanager
async def played(path: Path) -> AsyncIterator[Callable[[str], Awaitable[Peer]]]:
    """Host a mock; gives what makes a client of it, or gives the one of that name."""
    mock = load_mock(path)
    mock.notes_to(lambda *_: None)
    async with AsyncExitStack() as clients, serve(mock.make) as server:
        clients.push_async_callback(mock.end)
        peers: dict[str, Peer] = {}

        async def peer(name: str) -> Peer:
            if name not in peers:
                heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
                client = connect(server.url, handler=Listening(heard))
                peers[name] = Peer(await clients.enter_async_context(client), heard)
            return peers[name]

        yield peer
        await clients.aclose()
        await mock.end()


def same(came: str, wanted: str) -> bool:
    """Whether a transcript's line tells what came; a text `…` is any text."""
    pattern = re.escape(wanted).replace('"…"', '"[^"]+"')
    return re.fullmatch(pattern, came) is not None


@pytest.mark.parametrize(("mock", "said"), EXAMPLES)
async def test_a_mock_answers_as_the_transcript_below_it_says(mock: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mock.toml"
    path.write_text(mock, encoding="utf-8")
    if "mock.toml:" in said.partition(" ")[0]:
        with pytest.raises(MockFileError) as caught:
            load_mock(path)
        assert [text.replace(f"{tmp_path}/", "") for text in caught.value.problems] == said.splitlines()
        return
    async with played(path) as peer, asyncio.timeout(WAIT_S):
        for line in said.splitlines():
            found = LINE.fullmatch(line)
            assert found is not None, line
            acting = await peer(found["peer"])
            if found["way"] == ">":
                await acting.does(found["rest"])
                continue
            came = await (acting.hears() if found["rest"].startswith("oneway ") else acting.gets())
            assert same(came, found["rest"]), f"{came} came, not {found['rest']}"


def test_there_is_an_example_for_each_part_and_the_first_has_ten_lines() -> None:
    assert len(EXAMPLES) >= 8
    assert len(EXAMPLES[0][0].splitlines()) == 10


def test_the_schema_beside_it_is_what_the_program_checks_by() -> None:
    assert (DOCS / "mock.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize(("mock", "said"), EXAMPLES)
def test_the_schema_agrees_with_the_program_on_every_example(mock: str, said: str) -> None:
    jsonschema = pytest.importorskip(
        "jsonschema", reason="jsonschema, of the extra notebook, is not installed"
    )
    wrong = list(jsonschema.Draft7Validator(json.loads(schema_text())).iter_errors(tomllib.loads(mock)))
    assert bool(wrong) is ("mock.toml:" in said.partition(" ")[0]), wrong


@pytest.mark.parametrize("name", sorted([*FUNCTIONS, *calls.OWN, "matches", *NAMES]))
def test_it_names_every_function_and_name(name: str) -> None:
    told = PAGE.partition("### Expressions")[2].partition("## Streams")[0]
    assert re.search(rf"`{name}\b", told), name


@pytest.mark.parametrize("name", sorted(FAKES))
def test_it_names_everything_that_can_be_made_up(name: str) -> None:
    assert re.search(rf"`fake\.{name}\b", PAGE)


@pytest.mark.parametrize(
    "table",
    [
        model.RequestTable,
        model.StreamTable,
        model.BidirectionalTable,
        model.StepTable,
        model.ReplyTable,
        model.PushTable,
        model.SetTable,
        model.ErrorTable,
    ],
)
def test_it_names_every_key(table: type[model.Table]) -> None:
    for name in table.model_fields:
        assert re.search(rf"`{name}\b|\b{name} =|`\[{name}\]`|\.{name}\.", PAGE), name


def test_its_limits_are_those_of_the_program() -> None:
    limits = PAGE.partition("## Limits")[2]
    assert f"{reading.LARGEST_FILE_BYTES // 10**6} MB for the file" in limits
    assert f"{answer_files.LARGEST_BYTES // 10**6} MB for a file of answers" in limits
    assert f"{model.MOST_RULES:,} rules" in limits
    assert f"{model.MOST_STEPS:,} steps" in limits
    assert f"{model.MOST_VARIABLES:,} variables" in limits
    assert (model.MOST_ITEMS, values.LONGEST_TEXT, memory.LARGEST_PEER) == (10**6, 10**6, 10**6)
    assert f"{expressions.LONGEST:,} characters of an expression" in limits
    assert f"{values.LARGEST_LIST:,} items" in limits
    assert f"{values.MOST_MADE // 10**6} million characters of one answer" in limits
    assert f"{memory.LARGEST_STATE // 10**6} million characters" in limits
    assert f"{memory.MOST_PUSHES:,} pushed" in limits
    units = reading_units()
    assert all(unit in units for unit in DURATIONS if unit.isascii())


def reading_units() -> str:
    found = re.search(r"with a unit \((.*?)\)", PAGE)
    assert found is not None
    return found[1]


def slugs(page: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]*)#?([^)]*)\)", PAGE)
    assert links
    for file, anchor in links:
        page = (DOCS / file).read_text(encoding="utf-8") if file else PAGE
        assert not anchor or anchor in slugs(page), (file, anchor)
