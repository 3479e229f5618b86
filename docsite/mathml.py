"""Equations as MathML: browsers draw it themselves, so that no script is fetched for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latex2mathml.converter import convert
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor

if TYPE_CHECKING:
    from re import Match

    from markdown import Markdown

BLOCK = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.MULTILINE | re.DOTALL)
LONG = 60
"""Characters of LaTeX from which an equation may be wider than the page."""
INLINE = r"(?<![\\$])\$([^$\n]+)\$"


class Blocks(Preprocessor):
    """``$$`` on lines of their own: an equation laid out by itself."""

    def run(self, lines: list[str]) -> list[str]:
        """Put each equation aside as HTML."""

        def aside(found: Match[str]) -> str:
            # what may have to be scrolled must be reached by the keyboard
            reached = ' tabindex="0"' if len(found[1]) > LONG else ""
            made = f'<div class="equation"{reached}>{mathml(found[1], "block")}</div>'
            return f"\n{self.md.htmlStash.store(made)}\n"

        return BLOCK.sub(aside, "\n".join(lines)).split("\n")


class Inline(InlineProcessor):
    """``$…$`` inside a line."""

    def handleMatch(  # noqa: N802 - Markdown's name
        self,
        m: Match[str],
        data: str,  # noqa: ARG002 - Markdown's signature
    ) -> tuple[str, int, int]:
        """Put one formula aside as HTML."""
        return self.md.htmlStash.store(mathml(m[1], "inline")), m.start(0), m.end(0)


class MathML(Extension):
    """Both kinds of equations; code is read before, so that its dollars stay."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's name
        """Register them between fenced code and HTML, and after code in a line."""
        md.preprocessors.register(Blocks(md), "mathml", 22)
        md.inlinePatterns.register(Inline(INLINE, md), "mathml", 185)


def mathml(latex: str, display: str) -> str:
    """Write LaTeX as MathML.

    Raises
    ------
    ValueError
        When a command is left that would be printed as it is.
    """
    made = re.sub(r"\\([_{}])", r"\1", convert(latex, display=display))
    if "\\" in made:
        raise ValueError(f"an equation is not understood: {latex}")
    return made


def makeExtension() -> MathML:  # noqa: N802 - the name that Markdown looks for
    """Return the extension by its module's name."""
    return MathML()
