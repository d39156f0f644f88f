"""The way in: `slipstream-inspector` and `python -m inspector_app` both end up here."""

from __future__ import annotations

import errno
import gc
import os
import sys

DEBUG_VARIABLE = "SLIPSTREAM_INSPECTOR_DEBUG"

FRAMES_A_SECOND = "120"
"""Most updates of the terminal in a second. With Textual's 60, a key that is pressed just after the list was
drawn waits for 16 ms; the list itself is drawn no more often by it."""

_CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""Errors of writing; one that names no file and came up to here is of stdout, the only thing written here."""


def main() -> None:
    """Run the command line and exit with its code; a defect is told in one sentence, as all else is."""
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_A_SECOND)  # read when Textual is imported
    gc.disable()  # nothing of what is imported is garbage
    from inspector_app.cli import cli

    gc.enable()
    try:
        cli.main(prog_name="slipstream-inspector")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            raise
        _fail(end)  # not one of ours, which have numbers
    except BaseException as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _fail(error)


def _fail(error: BaseException) -> None:
    from inspector_app.engine.log_notes import exception_told
    from inspector_app.stderr import say

    if isinstance(error, OSError) and error.filename is None and error.errno in _CANNOT_WRITE:
        from inspector_app.printing import forget

        say(f"Cannot write to stdout: {error.strerror}.")
        forget(sys.stdout)
    else:
        say(
            f"Internal error ({exception_told(error)}): please report it; "
            f"with {DEBUG_VARIABLE}=1 it shows where."
        )
    sys.exit(1)


if __name__ == "__main__":
    main()
