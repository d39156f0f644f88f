"""Writes docs/keys.md: `python -m inspector_app.commands > docs/keys.md`."""

from __future__ import annotations

import sys

from inspector_app.commands import Command, Place, grouped, key_label
from inspector_app.commands.program import FORM_KEYS

_PLACE_TITLES: dict[Place, str] = {
    "everywhere": "On every screen",
    "home": "Home",
    "main": "Main screen",
    "compose": "Compose",
    "mock": "Mock",
    "console": "Stream console",
    "history": "History",
    "collections": "Collections",
    "sequence": "Run of a collection",
    "repetition": "Repetition",
}


def keys_page() -> str:
    """Write docs/keys.md."""
    lines = [
        "# Keys",
        "",
        "Written by `python -m inspector_app.commands > docs/keys.md`; the program reads the same list.",
        "Lists also take the arrow keys, `j` and `k`, Page Up and Down, Home and End, and Enter; Tab changes",
        "between the list and its detail. Everything can be done with the mouse, too.",
    ]
    for place, title in _PLACE_TITLES.items():
        lines += ["", f"## {title}", "", "| key | command | what it does |", "|---|---|---|"]
        for group in grouped(place).values():
            lines += [f"| {_keys_cell(each)} | {each.title} | {each.help} |" for each in group]
        if place == "compose":
            lines += ["", "On a line of a form:", "", "| key | command | what it does |", "|---|---|---|"]
            lines += [f"| {key} | {title} | {text} |" for key, title, text in FORM_KEYS]
    return "\n".join(lines) + "\n"


def _keys_cell(each: Command) -> str:
    return ", ".join(f"`{key_label(key)}`" for key in each.keys)


if __name__ == "__main__":
    sys.stdout.write(keys_page())
