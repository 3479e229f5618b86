"""The catalogue as people edit it, and the sentences of the code, read without the package."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, NamedTuple

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

TOP = Path(__file__).parents[2]
CODE = TOP / "solver" / "perequa"
FOLDER = CODE / "words" / "locale" / "fr" / "LC_MESSAGES"
WORD = re.compile(r"[a-zà-öø-ÿœ]{4,}")
CODES = re.compile(r"\S*[_/.:]\w\S*")
"""Identifiers and names of files, the same in every language."""
KEYWORDS = {"phrase": None, "saying": None, "plural": (1, 2), "term": ((1, "c"), 2)}
"""What `make words` looks for."""


class Entry(NamedTuple):
    """A sentence of the code: its context, and its forms (two for a plural)."""

    context: str | None
    forms: tuple[str, ...]


def stated() -> set[Entry]:
    """Every sentence that the code says."""
    found = extract_from_dir(str(CODE), keywords=KEYWORDS)
    return {Entry(context, forms(message)) for _, _, message, _, context in found}


def catalogue() -> Catalog:
    """The catalogue as people edit it."""
    with (FOLDER / "perequa.po").open("rb") as stream:
        return read_po(stream, locale="fr")


def messages() -> list[Message]:
    """Every entry of the catalogue but its header."""
    return [message for message in catalogue() if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """One form, or those of a plural."""
    return (text,) if isinstance(text, str) else tuple(text)


def places(text: str) -> set[str]:
    """Names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def words_of(text: str) -> set[str]:
    """Words of a text, identifiers left out."""
    return set(WORD.findall(CODES.sub(" ", text).casefold()))


def vocabulary() -> dict[str, set[str]]:
    """Words of each language that the other does not have."""
    english = {w for m in messages() for text in forms(m.id) for w in words_of(_bare(text))}
    french = {w for m in messages() for text in forms(m.string) for w in words_of(_bare(text))}
    return {"en": english - french, "fr": french - english}


def _bare(text: str) -> str:
    return re.sub(r"\{\w*\}", " ", text)
