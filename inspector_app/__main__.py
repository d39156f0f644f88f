"""The way in: `slipstream-inspector` and `python -m inspector_app` both end up here."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from inspector_app.cli import cli

    sys.exit(cli.main(prog_name="slipstream-inspector", standalone_mode=True))


if __name__ == "__main__":
    main()
