"""What a check found: its verdict, what it looked at, and every disagreement."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from perequa.words import SOURCE, told, words_in
from perequa_models.errors import RunFolderWrong

if TYPE_CHECKING:
    from perequa.words import Words

Verdict = Literal["ok", "wrong", "not_applicable"]


class Unreadable(RunFolderWrong):
    """A file of the run folder does not hold what it must.

    Parameters
    ----------
    file
        Path inside the run folder.
    why
        What is wrong with it.
    """

    def __init__(self, file: str, why: str) -> None:
        self.file = file
        self.why = why
        super().__init__(f"{file}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One value that is not what it should be.

    Attributes
    ----------
    file, row
        Where: a path inside the run folder, and a row identifier or line.
    what
        The quantity concerned, e.g. ``limit``.
    found, expected
        Both values as text; empty where there is none.
    """

    file: str
    row: str
    what: str
    found: str = ""
    expected: str = ""

    def __str__(self) -> str:
        return self.told(words_in(SOURCE))

    def told(self, words: Words) -> str:
        """Say it in one language; identifiers and values stay as the folder writes them."""
        place = f"{self.file}, {self.row}" if self.row else self.file
        what = told(self.what, words)
        if not self.found and not self.expected:
            return words.phrase("{place}: {what}", place=place, what=what)
        nothing = words.phrase("nothing")
        return words.phrase(
            "{place}: {what}: found {found}, expected {expected}",
            place=place,
            what=what,
            found=told(self.found, words) or nothing,
            expected=told(self.expected, words) or nothing,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the verdict."""

    number: int
    name: str
    verdict: Verdict
    what: str
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(slots=True)
class Notebook:
    """Disagreements gathered by one check."""

    number: int
    name: str
    found: list[Disagreement] = field(default_factory=list)

    def wrong(
        self, file: str, row: str, what: str, found: object = "", expected: object = ""
    ) -> None:
        """Note one disagreement."""
        self.found.append(
            Disagreement(
                file=file, row=row, what=what, found=_text(found), expected=_text(expected)
            )
        )

    def near(
        self, where: tuple[str, str, str], found: float, expected: float, *, tolerance: float
    ) -> None:
        """Note a disagreement unless two figures agree within an absolute tolerance.

        Parameters
        ----------
        where
            File, row and quantity.
        found, expected
            The figures; equal infinities agree, NaN agrees with nothing.
        tolerance
            Largest absolute difference allowed.
        """
        if found == expected:
            return
        # An infinity is near itself alone, however its tolerance was scaled.
        if not math.isfinite(expected) or not abs(found - expected) <= tolerance:
            self.wrong(*where, found, expected)

    def close(self, what: str) -> Check:
        """Turn the notes into the check's verdict; `what` says what was looked at."""
        verdict: Verdict = "wrong" if self.found else "ok"
        return Check(
            number=self.number,
            name=self.name,
            verdict=verdict,
            what=what,
            disagreements=tuple(self.found),
        )

    def skip(self, why: str) -> Check:
        """Say that the check does not apply to this run."""
        return Check(number=self.number, name=self.name, verdict="not_applicable", what=why)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        # Shortest text that reads back as the same number, whatever numpy calls its type.
        return repr(float(value)) if math.isfinite(value) else str(float(value))
    return str(value)
