"""The words of one language: a catalogue of sentences and a way of writing figures."""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from perequa.words.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAIN = "perequa"
SOURCE = "en"
"""Language of the sentences in the code, which needs no catalogue."""
_FIGURES = {
    "en": Figures(decimal=".", before_percent="", plural_from=0.0),
    "fr": Figures(decimal=",", before_percent="\u00a0", plural_from=2.0),
}
LANGUAGES = tuple(_FIGURES)
_BEFORE_COLON = re.compile(r" (?=[:%»])|(?<=«) ")
_BEFORE_OTHERS = re.compile(r" (?=[;!?])")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Words:
    """Says things in one language.

    Sentences are written in English where they are said, with named places in braces; the
    catalogue has the other languages. A sentence that the catalogue lacks stays English. There is
    one value for each language: what is remembered for one is found again at once.

    Attributes
    ----------
    lang
        ``en`` or ``fr``.
    figures
        How figures are written.
    """

    lang: str
    figures: Figures = field(repr=False)
    _catalogue: gettext.NullTranslations = field(repr=False, compare=False)

    def phrase(self, message: str, /, **parts: object) -> str:
        """Say a sentence, with its places filled."""
        return _typeset(self._catalogue.gettext(message), self.lang).format(**parts)

    def plural(self, one: str, many: str, count: float, /, **parts: object) -> str:
        """Say a sentence in the form that goes with a figure; ``{count}`` is that figure."""
        form = self._catalogue.ngettext(one, many, self.figures.counted(count))
        return _typeset(form, self.lang).format(count=self.number(count), **parts)

    def term(self, context: str, word: str, /) -> str:
        """Say a word whose translation depends on what it is said of."""
        return self._catalogue.pgettext(context, word)

    def number(self, value: float) -> str:
        """Write a figure for reading: four significant digits, or whole when large."""
        return self.figures.number(value)


class Said(str):
    """A sentence whose language is chosen later; as text it is in English.

    Parameters
    ----------
    message, parts
        As for `Words.phrase`; figures are written as the language does, and a part that is itself
        `Said` is told in the same language.
    """

    __slots__ = ("_message", "_parts")
    _message: str
    _parts: Mapping[str, object]

    def __new__(cls, message: str, parts: Mapping[str, object]) -> Self:
        """Say it in English, and keep what other languages need."""
        english = words_in(SOURCE)
        made = super().__new__(cls, _filled(message, parts, english))
        made._message, made._parts = message, parts
        return made

    def told(self, words: Words) -> str:
        """Say it in a language."""
        return _filled(self._message, self._parts, words)


def saying(message: str, /, **parts: object) -> Said:
    """Say something whose language is chosen later."""
    return Said(message, parts)


def told(text: str, words: Words) -> str:
    """Say in a language what was kept for it; any other text stays as it is."""
    return text.told(words) if isinstance(text, Said) else text


def _filled(message: str, parts: Mapping[str, object], words: Words) -> str:
    return words.phrase(message, **{name: _part(value, words) for name, value in parts.items()})


def _part(value: object, words: Words) -> object:
    match value:
        case Said():
            return value.told(words)
        case int() | float():
            return words.number(value)
    return value


@cache
def words_in(lang: str) -> Words:
    """Return the words of a language.

    Raises
    ------
    ValueError
        When there are none: `LANGUAGES` names those there are.
    """
    if lang not in _FIGURES:
        raise ValueError(f"no words in {lang!r}: {', '.join(LANGUAGES)}")
    return Words(lang=lang, figures=_FIGURES[lang], _catalogue=_catalogue_of(lang))


def _catalogue_of(lang: str) -> gettext.NullTranslations:
    """Read the compiled catalogue shipped beside this file, whatever the machine's own language."""
    if lang == SOURCE:
        return gettext.NullTranslations()
    place = Path(__file__).parent / "locale" / lang / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with place.open("rb") as stream:
        return gettext.GNUTranslations(stream)


@lru_cache(maxsize=2048)
def _typeset(message: str, lang: str) -> str:
    """Make the spaces before the marks of French unbreakable; translators type plain ones."""
    if lang != "fr":
        return message
    return _BEFORE_OTHERS.sub("\u202f", _BEFORE_COLON.sub("\u00a0", message))
