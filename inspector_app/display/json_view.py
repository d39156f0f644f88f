"""JSON as coloured lines, lexed when they are asked for.

Owns the colours of JSON. What is no JSON, or cannot be laid out, is shown as it is under a line that says
why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inspector_app.display.document import Document
from inspector_app.display.json_layout import Layout, lay_out
from inspector_app.display.lines import DocumentLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.display.lines import Part

LEX_LIMIT: Final = 2_000
"""Characters of one line that are coloured by token; the rest takes the colour of the last of them."""


class JsonLines(DocumentLines):
    """A JSON text laid out; what cannot be is shown as it is under a line that says why."""

    def __init__(self, raw: str | bytes | Layout) -> None:
        layout = raw if isinstance(raw, Layout) else lay_out(raw)
        self.reason = layout.reason
        """Why the text is shown as it is; empty when it is laid out."""
        head = (layout.reason, "severity-warning") if layout.reason else None
        super().__init__(Document(layout.text), head=head)

    def parts(self, index: int) -> Sequence[Part]:
        """Return line `index` of what is laid out, coloured."""
        if self.reason:
            return super().parts(index)
        text = self.document.line(index)
        # Only a string, or a name, goes on behind the first piece of a line.
        return [(text, "json-string")] if self.document.is_continued(index) else lexed(text)


def lexed(line: str) -> list[Part]:
    """Return one line of JSON as parts with the style names `json-key`, `json-string` and so on."""
    # Late, as pygments is not needed before the first detail is drawn.
    from pygments.lexers.data import JsonLexer
    from pygments.token import Error, Keyword, Name, Number, Punctuation, String

    styles = (
        (Name.Tag, "json-key"),
        (String, "json-string"),
        (Number, "json-number"),
        (Keyword, "json-literal"),
        (Punctuation, "json-punctuation"),
        (Error, "severity-problem"),
    )
    head, rest = line[:LEX_LIMIT], line[LEX_LIMIT:]
    parts: list[Part] = []
    tokens = JsonLexer().get_tokens_unprocessed(head)  # type: ignore[no-untyped-call]  # its stub names no types
    for _, token, text in tokens:
        style = next((style for kind, style in styles if token in kind), "")
        parts.append((text, style))
    if rest:
        text, style = parts.pop()
        parts.append((text + rest, "json-string" if style == "severity-problem" else style))
    return parts
