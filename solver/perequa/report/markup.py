"""A document as Markdown with LaTeX, or as a LaTeX file that stands alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from perequa.report.document import Display, Grid, Heading, Line, Listing, Paragraph, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perequa.report.document import Block

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|$#~])")
_LIST_MARK = re.compile(r"^([-+]|\d+(?=[.)]))([.)]?)(?=\s)")
"""What would open a list at the start of a block."""
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\u00a0": "~",
    "\u202f": r"\,",
    "\u2212": "-",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "→": r"$\to$",
    "…": r"\ldots{}",
    "€": r"\texteuro{}",
    "Σ": r"$\Sigma$",
}
_SECTIONS = {2: r"\section", 3: r"\subsection", 4: r"\subsubsection"}
_PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{amsmath}
\usepackage{amssymb}
\usepackage{longtable}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\allowdisplaybreaks
\sloppy
"""


def markdown(blocks: Iterable[Block]) -> str:
    """Write a document as Markdown; equations stand between dollars."""
    return "\n\n".join(_markdown_block(block) for block in blocks) + "\n"


def _markdown_block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_markdown_line(block.words)}"
        case Paragraph():
            return _markdown_start(block.words)
        case Display():
            return f"$$\n{block.latex}\n$$"
        case Listing():
            return "\n".join(f"- {_markdown_start(item)}" for item in block.items)
        case Grid():
            lines = [f"| {' | '.join(block.header)} |", "| --- " * len(block.header) + "|"]
            lines += [f"| {' | '.join(_markdown_line(c) for c in row)} |" for row in block.rows]
            return "\n".join(lines)
        case _:
            assert_never(block)


def _markdown_start(line: Line) -> str:
    return _LIST_MARK.sub(_without_mark, _markdown_line(line))


def _without_mark(found: re.Match[str]) -> str:
    mark, stop = found.groups()
    return f"{mark}\\{stop}" if stop else f"\\{mark}"


def _markdown_line(line: Line) -> str:
    return "".join(_markdown_span(span) for span in line)


def _markdown_span(span: Span) -> str:
    if span.kind == "math":
        return f"${span.content}$"
    if span.kind == "text":
        return _MARKDOWN.sub(r"\\\1", _one_line(span.content)).replace("&", "&amp;")
    content = _one_line(span.content).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {content} {fence}" if longest else f"`{content}`"


def latex(blocks: Iterable[Block]) -> str:
    """Write a document as a LaTeX file that stands alone."""
    body = "\n\n".join(_latex_block(block) for block in blocks)
    return f"{_PREAMBLE}\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"


def _latex_block(block: Block) -> str:
    match block:
        case Heading(level=1):
            return f"{{\\LARGE\\bfseries {_latex_line(block.words)}\\par}}"
        case Heading():
            return f"{_SECTIONS[block.level]}*{{{_latex_line(block.words)}}}"
        case Paragraph():
            return _latex_line(block.words)
        case Display():
            return f"\\begin{{equation*}}\n{block.latex}\n\\end{{equation*}}"
        case Listing():
            items = "\n".join(f"\\item {_latex_line(item)}" for item in block.items)
            return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"
        case Grid():
            return _latex_grid(block)
        case _:
            assert_never(block)


def _latex_grid(grid: Grid) -> str:
    width = f"p{{{0.9 / len(grid.header):.3f}\\textwidth}}"
    header = " & ".join(_latex_text(word) for word in grid.header)
    rows = "\n".join(" & ".join(_latex_line(c) for c in row) + r" \\" for row in grid.rows)
    return (
        f"\\begin{{longtable}}{{{width * len(grid.header)}}}\n{header} \\\\\n\\hline\n\\endhead\n"
        f"{rows}\n\\end{{longtable}}"
    )


def _latex_line(line: Line) -> str:
    return "".join(_latex_span(span) for span in line)


def _latex_span(span: Span) -> str:
    if span.kind == "math":
        return f"${span.content}$"
    text = _latex_text(_one_line(span.content))
    return text if span.kind == "text" else f"\\texttt{{{text}}}"


def _latex_text(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


def _one_line(text: str) -> str:
    """Drop line ends and control characters: a cell or a title is one line."""
    return "".join(c if c.isprintable() or c in "\u00a0\u202f" else " " for c in text)
