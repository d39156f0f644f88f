"""What the first paint may cost: none of what only an engine needs."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["websockets", "pydantic", "slipstream.protocol", "inspector_app.engine.link"]
)
def test_the_first_paint_does_not_import(module: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from inspector_app.app import InspectorApp\n"
        "from inspector_app.intents import DemoSpec\n"
        "async def main():\n"
        "    app = InspectorApp(DemoSpec(), None, None)\n"
        "    app._start_engine = lambda *, at_start: None\n"
        "    async with app.run_test() as pilot:\n"
        "        await pilot.pause()\n"
        "        assert type(app.screen).__name__ == 'MainScreen', app.screen\n"
        f"    assert {module!r} not in sys.modules\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
