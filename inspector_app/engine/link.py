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
REACH_LIMIT_S = 30.0
_GRACE_S = 2.0
_PAUSE_S = 0.2

_GONE = "The engine is not running: start it again, the capture so far is intact."
_AWAY = "The engine does not answer and is called again: wait a moment, then try again."
_CUT = "The engine was lost before it answered, and is called again: look whether it was done, then go on."
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
    engine ended without being told to. One that does not end within `ending_limit_s` ends by force. So does
    one that runs and has lost its control connection, where no new one can be made within `reach_limit_s`.
    """

    def __init__(
        self,
        *,
        on_problem: Callable[[str, str], None] | None = None,
        on_exit: Callable[[str], None] | None = None,
        ending_limit_s: float = ENDING_LIMIT_S,
        reach_limit_s: float = REACH_LIMIT_S,
    ) -> None:
        self.on_problem = on_problem
        self.on_exit = on_exit
        self._ending_limit_s = ending_limit_s
        self._reach_limit_s = reach_limit_s
        self._process: asyncio.subprocess.Process | None = None
        self._protocol: Protocol | None = None
        self._control = contextlib.AsyncExitStack()
        self._holding: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._log: deque[str] = deque(maxlen=20)
        self._told = ""
        self._unreachable = False
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
        self._holding = asyncio.create_task(self._hold_control(process, ready, token), name="engine control")
        return ready

    async def perform(self, intent: Intent) -> Done:
        """Have the engine carry out an intent. Never raises; `Done.error` says why it was not done."""
        from slipstream import ConnectionState, RequestTimeoutError, SlipstreamError

        if self._protocol is None or self._protocol.state is not ConnectionState.CONNECTED:
            return self._not_done(_AWAY)
        try:
            answer = await self._protocol.request_response(call_of(intent), timeout=INTENT_LIMIT_S)
            return done_of(answer)
        except RequestTimeoutError:
            return Done(error=f"The engine did not answer within {INTENT_LIMIT_S:g} s: it may be overloaded.")
        except ConnectionError:
            return self._not_done(_CUT)
        except (SlipstreamError, WireError) as error:
            return Done(error=f"The engine did not take that: {error}.")

    def _not_done(self, why: str) -> Done:
        return Done(error=why if self.running else _GONE)

    async def stop(self) -> None:
        """End the engine in good order, or by force if it does not go. Idempotent."""
        self._stopping = True
        async with contextlib.AsyncExitStack() as ending:  # each is done, also when one before was cancelled
            ending.push_async_callback(self._end_tasks)
            ending.push_async_callback(self._end_process)
            ending.push_async_callback(self._close_control)

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
        from websockets.exceptions import WebSocketException

        from inspector_app.engine.control import CONTROL_LIMITS
        from inspector_app.engine.viewer_handler import ViewerHandler
        from slipstream import SlipstreamError, connect

        try:
            async with contextlib.AsyncExitStack() as control:
                protocol = await control.enter_async_context(
                    connect(
                        ready.control_url,
                        token=token,
                        handler=ViewerHandler(self._heard_problem),
                        limits=CONTROL_LIMITS,
                    )
                )
                status: Any = await protocol.request_response({"operation": "status"}, timeout=INTENT_LIMIT_S)
                self._control, self._protocol = control.pop_all(), protocol
        except (SlipstreamError, WebSocketException, OSError) as error:
            raise EngineFailed(f"The engine cannot be reached: {error}.") from error
        self._heard_status(status)

    async def _hold_control(self, process: asyncio.subprocess.Process, ready: Ready, token: str) -> None:
        """Make the control connection anew when it is lost; end an engine that cannot be reached."""
        while self._protocol is not None:
            await self._protocol.wait_closed()
            await self._forget_control()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._reach_limit_s):
                    await self._reach(process, ready, token)
        self._unreachable = process.returncode is None
        await self._end_process()

    async def _reach(self, process: asyncio.subprocess.Process, ready: Ready, token: str) -> None:
        while self._protocol is None and process.returncode is None:
            try:
                await self._open_control(ready, token)
            except EngineFailed:
                await asyncio.sleep(_PAUSE_S)

    async def _close_control(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.gather(self._holding, return_exceptions=True)
        await self._forget_control()

    async def _forget_control(self) -> None:
        self._protocol = None
        await self._control.aclose()

    def _heard_status(self, status: Any) -> None:
        """Take what was missed without a control connection, and tell only what is new."""
        failing = status.get("failing") if isinstance(status, dict) else None
        if isinstance(failing, str) and failing != self._told:
            self._heard_problem("problem", failing)
        elif failing is None and self._told:
            self._heard_problem("info", "Recording works again.")

    def _heard_problem(self, level: str, text: str) -> None:
        self._told = text if level == "problem" else ""
        if self.on_problem is not None:
            self.on_problem(level, text)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        if not self._stopping and self.on_exit is not None:
            what = "did not answer any more and was ended" if self._unreachable else "stopped"
            self.on_exit(f"The engine {what} ({self._how_it_ended(process)}); the capture so far is intact.")

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

    async def _end_process(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None  # noqa: S101 - a pipe, as asked for above
        process.stdin.close()
        for limit_s, give_up in (
            (self._ending_limit_s + _GRACE_S, process.terminate),
            (_GRACE_S, process.kill),
        ):
            try:
                async with asyncio.timeout(limit_s):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    give_up()
            else:
                return
        await process.wait()

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


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
