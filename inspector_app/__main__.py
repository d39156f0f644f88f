"""The way in: `slipstream-inspector` and `python -m inspector_app` both end up here."""

from __future__ import annotations

import os
import sys

DEBUG_VARIABLE = "SLIPSTREAM_INSPECTOR_DEBUG"


def main() -> None:
    """Run the command line and exit with its code; a defect is told in one sentence, as all else is."""
    from inspector_app.cli import cli

    try:
        cli.main(prog_name="slipstream-inspector")
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        from inspector_app.display.inert import inert

        told = inert(f"{type(error).__name__}: {error}")
        sys.stderr.write(
            f"slipstream-inspector: Internal error ({told}): please report it; "
            f"with {DEBUG_VARIABLE}=1 it shows where.\n"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
