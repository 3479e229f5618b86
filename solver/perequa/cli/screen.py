"""Text drawn on a terminal: tables as wide as it is, sentences cut between words.

Commands write plain text, the same wherever it goes; here it is laid out again for somebody to see.
Nothing is added and nothing left out, and a file or a pipe never sees what this makes.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

RULE = re.compile(r"-+(  -+)+")
"""The line that `perequa.report.layout.aligned` writes under the head of a table."""
NARROWEST = 12
"""Characters to which a column of words may be folded before a table is cut."""
BETWEEN, CLOSER = 2, 1
"""Characters between two columns, and between those of a table that would otherwise be cut."""
SEAM = re.compile(r"(?<=[ _])(?=.)")
"""Where a head may be folded."""
TITLE = re.compile(r"\S.*[^ ]\s?:")
"""A line that introduces those below."""
COLOURS = {"error": "bold red", "warning": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A table found in a text.

    Attributes
    ----------
    head, rows
        Its cells.
    left
        How many columns hold words; those behind hold figures.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int


def draw(text: str, stream: TextIO) -> None:
    """Draw a text on a terminal."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for piece in pieces(text):
        if isinstance(piece, str):
            console.print(sentence(piece, console.width), soft_wrap=True)
            continue
        for number, part in enumerate(cut(piece, console.width)):
            if number:
                console.print()
            console.print(laid_out(part, console.width), soft_wrap=True)


def pieces(text: str) -> Iterator[str | Printed]:
    """Tell the tables of a text from its other lines."""
    lines = text.split("\n")
    i = 0
    while i < len(lines):
        if i + 1 == len(lines) or not RULE.fullmatch(lines[i + 1]):
            yield lines[i]
            i += 1
            continue
        spans = [found.span() for found in re.finditer("-+", lines[i + 1])]
        end = i + 2
        while end < len(lines) and _is_row(lines[end], spans):
            end += 1
        yield _read([lines[i], *lines[i + 2 : end]], spans)
        i = end


def _is_row(line: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a line keeps the columns of a table; no sentence has spaces just there."""
    between = (line[a:b] for (_, a), (b, _) in itertools.pairwise(spans))
    return spans[0][1] < len(line) <= spans[-1][1] and not any(gap.strip() for gap in between)


def _read(lines: Sequence[str], spans: Sequence[tuple[int, int]]) -> Printed:
    whole = [line.ljust(spans[-1][1]) for line in lines]
    columns = [[line[a:b] for line in whole] for a, b in spans]
    to_the_left = [any(c.strip() and c.endswith(" ") for c in column) for column in columns]
    to_the_right = [any(c.strip() and c.startswith(" ") for c in column) for column in columns]
    left = max((i + 1 for i, so in enumerate(to_the_left) if so), default=0)
    left = min([left, *(i for i, so in enumerate(to_the_right) if so)])
    head, *rows = zip(*([c.strip(" ") for c in column] for column in columns), strict=True)
    return Printed(head=head, rows=tuple(rows), left=left)


def cut(table: Printed, width: int) -> list[Printed]:
    """Cut a table that is wider than the terminal: the first columns stand in every part."""
    least = _least(table)
    if _total(least, CLOSER) <= width or table.left == len(least):
        return [table]
    kept = least[: table.left]
    parts: list[list[int]] = []
    for i in range(table.left, len(least)):
        if not parts or _total([*kept, *(least[j] for j in parts[-1]), least[i]], BETWEEN) > width:
            parts.append([])
        parts[-1].append(i)
    return [_columns(table, [*range(table.left), *part]) for part in parts]


def _columns(table: Printed, chosen: Sequence[int]) -> Printed:
    return Printed(
        head=tuple(table.head[i] for i in chosen),
        rows=tuple(tuple(row[i] for i in chosen) for row in table.rows),
        left=table.left,
    )


def laid_out(table: Printed, width: int) -> Text:
    """Lay out a table within a width: heads are folded first, then words.

    Not by rich's own tables, which take seconds for the thousands of lines of a national plan.
    """
    body, parts, least = _body(table), _parts(table), _least(table)
    gap = BETWEEN if _total(least, BETWEEN) <= width else CLOSER
    widths = [max(cell_len(head), w) for head, w in zip(table.head, body, strict=True)]
    for floor in ([max(pair) for pair in zip(body, parts, strict=True)], least):
        while _total(widths, gap) > width and widths != floor:
            widest = max(range(len(widths)), key=lambda i: widths[i] - floor[i])
            widths[widest] -= 1

    def lines(cells: Iterable[list[str]]) -> Iterator[str]:
        for line in itertools.zip_longest(*cells, fillvalue=""):
            padded = (
                _padded(c, w, i < table.left)
                for i, (c, w) in enumerate(zip(line, widths, strict=True))
            )
            yield (" " * gap).join(padded).rstrip()

    head = [_folded(head, w) for head, w in zip(table.head, widths, strict=True)]
    deepest = max(map(len, head))
    drawn = Text("\n".join(lines([""] * (deepest - len(h)) + h for h in head)), style="bold")
    drawn.append("\n" + "─" * _total(widths, gap), style="not bold")
    for row in table.rows:
        cells = (_wrapped(cell, w) for cell, w in zip(row, widths, strict=True))
        drawn.append("".join(f"\n{line}" for line in lines(cells)), style="not bold")
    return drawn


def _padded(cell: str, width: int, left: bool) -> str:
    space = " " * (width - cell_len(cell))
    return cell + space if left else space + cell


def _wrapped(cell: str, width: int) -> list[str]:
    return [cell] if cell_len(cell) <= width else textwrap.wrap(cell, width)


def _total(widths: Sequence[int], gap: int) -> int:
    return sum(widths) + gap * (len(widths) - 1)


def _body(table: Printed) -> list[int]:
    columns = zip(*table.rows, strict=True) if table.rows else ([] for _ in table.head)
    return [max(map(cell_len, column), default=0) for column in columns]


def _parts(table: Printed) -> list[int]:
    """Widest part of each head between its seams."""
    return [max(cell_len(part.strip()) for part in re.split(SEAM, h)) for h in table.head]


def _least(table: Printed) -> list[int]:
    """Least width of each column: figures are never folded, words down to some characters."""
    folded = [min(w, NARROWEST) if i < table.left else w for i, w in enumerate(_body(table))]
    return [max(pair) for pair in zip(folded, _parts(table), strict=True)]


def _folded(head: str, width: int) -> list[str]:
    """Break a head at its seams."""
    lines = [""]
    for part in re.split(SEAM, head):
        if lines[-1] and cell_len((lines[-1] + part).rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def sentence(line: str, width: int) -> Text:
    """Cut a line between words, what follows set in; say in colour what is wrong."""
    found = re.match(r" *", line)
    indent = " " * ((found.end() if found else 0) + 2)
    listed = re.match(r"\S+ {2,}", line)
    if listed is not None and listed.end() < width / 2:
        indent = " " * listed.end()
    cutter = textwrap.TextWrapper(
        width=width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    text = Text("\n".join(cutter.wrap(line)), style="bold" if TITLE.fullmatch(line) else "")
    for word, style in COLOURS.items():
        text.highlight_regex(rf"(?<=: ){word}(?=: )|^{word}(?=: )", style)
    return text
