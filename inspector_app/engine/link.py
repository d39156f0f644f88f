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
from typing import TYPE_CHECKING

from inspector_app.engine.calling import Calling, Unreachable
from inspector_app.engine.wire import Failed, Ready, Start, WireError, decode_answer, encode_start

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.intents import Done, EngineIntent, Intent, SourceSpec

START_LIMIT_S = 30.0
ENDING_LIMIT_S = 10.0
REACH_LIMIT_S = 30.0
_GRACE_S = 2.0
_PROGRAM = Path(__file__).with_name("__main__.py")


class EngineFailed(Exception):  # noqa: N818 - past tense, as an event is named
    """The engine cannot start. The text is a sentence for the user, `exit_code` what a CLI exits with."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


class EngineLink:
    """One engine process, from start to stop. For another one, make another link.

    `on_problem` hears (level, text) about the recording, `on_moved` in which capture it goes on; `on_exit`
    hears once, with the reason, that the engine ended without being told to. One that does not end within
    `ending_limit_s` ends by force. So does one that runs and has lost its control connection, where no new
    one can be made within `reach_limit_s`.
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
        self.on_moved: Callable[[str], None] | None = None
        self.on_exit = on_exit
        self._ending_limit_s = ending_limit_s
        self._reach_limit_s = reach_limit_s
        self._process: asyncio.subprocess.Process | None = None
        self._calling = Calling(on_problem=self._heard_problem, on_moved=self._heard_moved)
        self._tasks: list[asyncio.Task[None]] = []
        self._log: deque[str] = deque(maxlen=20)
        self._unreachable = False
        self._stopping = False

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self, spec: SourceSpec, capture: Path, *, stay: bool = False) -> Ready:
        """Start the engine on `spec`, recording into the new file `capture`. Raises `EngineFailed`.

        One that is to `stay` runs on when this link stops.
        """
        token = secrets.token_urlsafe(32)
        order = Start(spec=spec, capture=capture, token=token, stay=stay, ending_limit_s=self._ending_limit_s)
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

        def lost() -> None:
            self._tasks.append(asyncio.create_task(self._cannot_be_reached(process), name="engine end"))

        self._calling.hold(lambda: process.returncode is None, self._reach_limit_s, lost)
        return ready

    @property
    def stays(self) -> bool:
        """Whether the engine runs on when this link stops."""
        return self._calling.stays

    async def perform(self, intent: Intent | EngineIntent) -> Done:
        """Have the engine carry out an intent. Never raises; `Done.error` says why it was not done."""
        return await self._calling.perform(intent, lambda: self.running)

    async def stop(self) -> None:
        """End the engine in good order, or by force if it does not go; leave one that stays. Idempotent."""
        self._stopping = True
        async with contextlib.AsyncExitStack() as ending:  # each is done, also when one before was cancelled
            ending.push_async_callback(self._end_tasks)
            ending.push_async_callback(self._leave_process if self.stays else self._end_process)
            ending.push_async_callback(self._calling.close)

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
        try:
            await self._calling.open(ready.control_url, token)
        except Unreachable as failure:
            raise EngineFailed(str(failure)) from failure

    async def _cannot_be_reached(self, process: asyncio.subprocess.Process) -> None:
        self._unreachable = process.returncode is None
        await self._end_process()

    def _heard_problem(self, level: str, text: str) -> None:
        if self.on_problem is not None:
            self.on_problem(level, text)

    def _heard_moved(self, capture: str) -> None:
        if self.on_moved is not None:
            self.on_moved(capture)

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

    async def _leave_process(self) -> None:
        """Let go of a process without the end that asyncio makes of a child nobody waits for."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        transport = process._transport  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way to it
        transport.get_extra_info("subprocess").returncode = 0
        transport.close()

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
