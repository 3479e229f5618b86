"""A document of words, code and mathematics, before it is written as Markdown or LaTeX.

What a planner wrote (titles, names, file names) only enters through the parts of `say`, so that it
is escaped wherever it ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_PIECES = re.compile(r"(\$[^$]+\$|`[^`]+`|\{\})")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text, of code or of mathematics (LaTeX, without its dollars)."""

    kind: Literal["text", "code", "math"]
    content: str


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; `level` 1 is the document's own."""

    level: int
    words: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    words: Line


@dataclass(frozen=True, slots=True)
class Display:
    """An equation on lines of its own, in LaTeX."""

    latex: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Items, each a line."""

    items: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; every row is as long as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


Block = Heading | Paragraph | Display | Listing | Grid


def say(template: str, *parts: Span | Line | str) -> Line:
    """Write a line from a template of our own and parts that anybody may have written.

    Parameters
    ----------
    template
        Text in which ``$…$`` is mathematics, backticks are code and ``{}`` takes the next part.
    parts
        Text is kept as text, whatever characters it holds.

    Examples
    --------
    >>> [span.kind for span in say("at most {} $L_t$", "5 $")]
    ['text', 'text', 'text', 'math']
    """
    given = iter(parts)
    spans: list[Span] = []
    for piece in _PIECES.split(template):
        if piece == "{}":
            part = next(given)
            if isinstance(part, str):
                spans.append(Span("text", part))
            else:
                spans.extend(part if isinstance(part, tuple) else (part,))
        elif piece.startswith("$"):
            spans.append(Span("math", piece[1:-1]))
        elif piece.startswith("`"):
            spans.append(Span("code", piece[1:-1]))
        elif piece:
            spans.append(Span("text", piece))
    return tuple(spans)


def code(content: str) -> Span:
    """Return a name as it stands in the scenario or a table."""
    return Span("code", content)


def maths(latex: str) -> Span:
    """Return mathematics inside a line."""
    return Span("math", latex)


def joined(lines: list[Line], between: str = ", ") -> Line:
    """Put lines one after another."""
    spans: list[Span] = []
    for i, line in enumerate(lines):
        if i:
            spans.append(Span("text", between))
        spans.extend(line)
    return tuple(spans)
