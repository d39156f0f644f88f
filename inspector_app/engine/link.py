"""The viewer's end of an engine: starts the process, gives it intents, and tells when it is gone.

Owns the child process and the control connection. It reads no capture and shows nothing: the viewer tails
the file itself. All methods and callbacks belong to one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector_app.engine.wire import (
    Failed,
    Ready,
    Start,
    WireError,
    call_of,
    decode_answer,
    done_of,
    encode_start,
)
from inspector_app.intents import Done

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.intents import Intent, SourceSpec
    from slipstream import Protocol

START_LIMIT_S = 30.0
INTENT_LIMIT_S = 15.0
ENDING_LIMIT_S = 10.0
_GRACE_S = 2.0

_GONE = "The engine is not running: start it again, the capture so far is intact."
_PROGRAM = Path(__file__).with_name("__main__.py")


class EngineFailed(Exception):  # noqa: N818 - past tense, as an event is named
    """The engine cannot start. The text is a sentence for the user, `exit_code` what a CLI exits with."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


class EngineLink:
    """One engine process, from start to stop. For another one, make another link.

    `on_problem` hears (level, text) about the recording; `on_exit` hears once, with the reason, that the
    engine ended without being told to. One that does not end within `ending_limit_s` ends by force.
    """

    def __init__(
        self,
        *,
        on_problem: Callable[[str, str], None] | None = None,
        on_exit: Callable[[str], None] | None = None,
        ending_limit_s: float = ENDING_LIMIT_S,
    ) -> None:
        self.on_problem = on_problem
        self.on_exit = on_exit
        self._ending_limit_s = ending_limit_s
        self._process: asyncio.subprocess.Process | None = None
        self._protocol: Protocol | None = None
        self._stack = contextlib.AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._log: deque[str] = deque(maxlen=20)
        self._stopping = False

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self, spec: SourceSpec, capture: Path) -> Ready:
        """Start the engine on `spec`, recording into the new file `capture`. Raises `EngineFailed`."""
        token = secrets.token_urlsafe(32)
        order = Start(spec=spec, capture=capture, token=token, ending_limit_s=self._ending_limit_s)
        self._process = process = await _spawn()
        self._tasks.append(asyncio.create_task(self._read_log(process), name="engine log"))
        try:
            async with asyncio.timeout(START_LIMIT_S):
                ready = await self._hand_over(process, order)
                await self._open_control(ready, token)
        except TimeoutError:
            await self.stop()
            raise EngineFailed(f"The engine did not start within {START_LIMIT_S:g} s: try again.") from None
        except BaseException:
            await self.stop()
            raise
        self._tasks.append(asyncio.create_task(self._watch(process), name="engine watch"))
        return ready

    async def perform(self, intent: Intent) -> Done:
        """Have the engine carry out an intent. Never raises; `Done.error` says why it was not done."""
        if self._protocol is None or not self.running:
            return Done(error=_GONE)
        from slipstream import RequestTimeoutError, SlipstreamError

        try:
            answer = await self._protocol.request_response(call_of(intent), timeout=INTENT_LIMIT_S)
            return done_of(answer)
        except RequestTimeoutError:
            return Done(error=f"The engine did not answer within {INTENT_LIMIT_S:g} s: it may be overloaded.")
        except ConnectionError:
            return Done(error=_GONE)
        except (SlipstreamError, WireError) as error:
            return Done(error=f"The engine did not take that: {error}.")

    async def stop(self) -> None:
        """End the engine in good order, or by force if it does not go. Idempotent."""
        self._stopping = True
        await self._stack.aclose()
        self._protocol = None
        process = self._process
        if process is not None and process.returncode is None:
            await self._end(process)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _hand_over(self, process: asyncio.subprocess.Process, start: Start) -> Ready:
        assert process.stdin is not None  # noqa: S101 - both are pipes, as asked for above
        assert process.stdout is not None  # noqa: S101 - likewise
        with contextlib.suppress(
            ConnectionError
        ):  # it died at once: its answer, or the lack of one, says why
            process.stdin.write(encode_start(start))
            await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            await process.wait()
            raise EngineFailed(f"The engine ended before it was ready: {self._how_it_ended(process)}.")
        try:
            answer = decode_answer(line)
        except WireError as error:
            raise EngineFailed(f"The engine gave an answer that cannot be read: {error}.") from error
        if isinstance(answer, Failed):
            raise EngineFailed(answer.text, answer.exit_code)
        return answer

    async def _open_control(self, ready: Ready, token: str) -> None:
        from inspector_app.engine.control import CONTROL_LIMITS
        from inspector_app.engine.viewer_handler import ViewerHandler
        from slipstream import SlipstreamError, connect

        try:
            self._protocol = await self._stack.enter_async_context(
                connect(
                    ready.control_url,
                    token=token,
                    handler=ViewerHandler(self._heard_problem),
                    limits=CONTROL_LIMITS,
                )
            )
            status: Any = await self._protocol.request_response(
                {"operation": "status"}, timeout=INTENT_LIMIT_S
            )
        except (SlipstreamError, OSError) as error:
            raise EngineFailed(f"The engine cannot be reached: {error}.") from error
        if isinstance(status, dict) and isinstance(status.get("failing"), str):
            self._heard_problem("problem", status["failing"])

    def _heard_problem(self, level: str, text: str) -> None:
        if self.on_problem is not None:
            self.on_problem(level, text)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        if not self._stopping and self.on_exit is not None:
            self.on_exit(f"The engine stopped ({self._how_it_ended(process)}); the capture so far is intact.")

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None  # noqa: S101 - a pipe, as asked for above
        while chunk := await process.stderr.read(65_536):
            lines = chunk.decode(errors="replace").splitlines()
            self._log.extend(line.strip() for line in lines if line.strip())

    def _how_it_ended(self, process: asyncio.subprocess.Process) -> str:
        code = process.returncode or 0
        if code < 0:
            return f"ended by {signal.Signals(-code).name}"
        last = f", {self._log[-1][:200]}" if code and self._log else ""
        return f"exit code {code}{last}"

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - a pipe, as asked for above
        process.stdin.close()
        for give_up in (process.terminate, process.kill):
            try:
                async with asyncio.timeout(self._ending_limit_s + _GRACE_S):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    give_up()
            else:
                return
        await process.wait()


async def _spawn() -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the folder it is started in has no say in what is imported
            str(_PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C and a closing terminal are for the viewer alone
        )
    except OSError as error:
        raise EngineFailed(f"The engine cannot be started ({error.strerror or error}): try again.") from error
