"""The engine as a program. Run by its path, so that it starts in a wheel and in a checkout alike."""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:
    # Behind the standard library, which a package folder could hide, and before whatever is installed: the
    # engine has to be of the same version as the viewer that started it.
    installed = (place for place, folder in enumerate(sys.path) if folder.endswith("-packages"))
    sys.path.insert(next(installed, len(sys.path)), str(Path(__file__).resolve().parents[2]))

from inspector_app.engine.process import main

sys.exit(main())
