"""The engine as a program. Run by its path, so that it starts in a wheel and in a checkout alike."""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:
    # At the end: a package folder in front could hide modules of the standard library.
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from inspector_app.engine.process import main

sys.exit(main())
