"""What the workbook is, where it comes from, how to read and how to check it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perequa.report.hands import change_of_hands
from perequa.report.layout import word
from perequa.report.workbook.parameters import texts
from perequa.report.workbook.sheets import Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from perequa.report.page import PageFailure, PageRun
    from perequa.report.workbook.reading import WorkbookRun
    from perequa.words import Words

    Read = PageRun | PageFailure

SYNTHETIC = re.compile("synth[eé]ti", re.IGNORECASE)
"""What a scenario writes of figures that are no one's."""


def synthetic_label(run: Read, words: Words) -> str:
    """Say that figures are synthetic where the scenario says so; else nothing."""
    if not _synthetic(run):
        return ""
    return words.phrase("Some figures of this scenario are synthetic: see the first sheet.")


def readme(run: WorkbookRun, sheets: Sequence[Sheet], words: Words) -> Sheet:
    """Lay out the first sheet.

    Parameters
    ----------
    run
        The run.
    sheets
        Those that follow.
    words
        Language of the workbook.
    """
    ended = words.phrase("optimal, with a proof that can be checked")
    if run.record["status"] != "optimal":
        ended = words.phrase("the whole plan keeps every rule, but is not proven to be the nearest")
    hands = change_of_hands(run.tables["allocation"], words)
    beside = [(words.phrase("Beside the reference"), hands)] if hands else []
    return opening(run.run, sheets, ended, [*beside, *_how_to_read(words)], words)


def opening(
    run: Read,
    sheets: Sequence[Sheet],
    ended: str,
    told: Sequence[tuple[str, str]],
    words: Words,
) -> Sheet:
    """Lay out the first sheet of a run, whatever came of it.

    Parameters
    ----------
    run, sheets
        The run, and the sheets that follow.
    ended
        How it ended, in words.
    told
        Lines of what to know beside.
    words
        Language of the workbook.
    """
    lines = [
        *_what(run, ended, words),
        *_synthetic_lines(run, words),
        *((words.phrase("Sheet {name}", name=sheet.name), sheet.title) for sheet in sheets),
        (words.phrase("How to read"), _digits(words)),
        *told,
        *_open(run, words),
        *_origins(run, words),
    ]
    return Sheet(
        name=words.term("sheet", "Read me"),
        title=str(run.scenario.get("title") or run.name),
        columns=(
            Column(heading=words.phrase("About"), kind="text"),
            Column(heading=words.phrase("What to know"), kind="sentence"),
        ),
        rows=lines,
        filtered=False,
    )


def _what(run: Read, ended: str, words: Words) -> Iterator[tuple[str, str]]:
    yield words.phrase("Run"), run.name
    yield words.phrase("How it ended"), ended
    for name, values in (
        (words.phrase("Years"), run.scenario.get("years", ())),
        (words.phrase("Variants"), run.record.get("variants", ())),
        (words.phrase("Values changed"), run.record.get("sets", ())),
    ):
        if values:
            yield name, ", ".join(map(str, values))
    yield words.phrase("Currency"), word(run.scenario.get("currency", "EUR"))


def _synthetic(run: Read) -> list[tuple[str, str]]:
    return [(path, text) for path, text in texts(run.scenario) if SYNTHETIC.search(text)]


def _synthetic_lines(run: Read, words: Words) -> Iterator[tuple[str, str]]:
    for path, text in _synthetic(run):
        yield words.phrase("Synthetic figures"), f"{path}: {text}"


def _digits(words: Words) -> str:
    """Say how cells are written."""
    return words.phrase(
        "Cells hold all the digits of the run; fewer are shown. An empty cell is a value that "
        "does not exist, not a zero. Codes are text: 01 is not 1."
    )


def _how_to_read(words: Words) -> Iterator[tuple[str, str]]:
    about = words.phrase("How to read")
    yield (
        about,
        words.phrase(
            "Sums are formulas. A sum above a heading follows the filter; the sums of the totals "
            "are those of the whole plan."
        ),
    )
    yield (
        about,
        words.phrase(
            "The reference is the circular's own formula, computed beside the plan. A price is the "
            "effect of moving one limit by one, every other limit as it is, as far as it holds."
        ),
    )


def _open(run: Read, words: Words) -> Iterator[tuple[str, str]]:
    """Say what the source leaves open, and what was chosen."""
    stated: Mapping[str, Any] = run.scenario.get("choices") or {}
    for name, spec in stated.items():
        others = "; ".join(map(str, spec.get("alternatives") or ()))
        said = words.phrase("{choice}: {value}", choice=name, value=word(spec.get("value")))
        if others:
            said = words.phrase("{said} (also possible: {others})", said=said, others=others)
        because = word(spec.get("because"))
        yield (
            words.phrase("What the source leaves open"),
            f"{said}. {because}" if because else said,
        )


def _origins(run: Read, words: Words) -> Iterator[tuple[str, str]]:
    for source in run.scenario.get("sources") or ():
        yield words.phrase("Source"), str(source)
    for place in run.record["inputs"].values():
        digest = run.hashes.get(str(place), "")
        yield words.phrase("File read (SHA-256)"), f"{place}: {digest}"
    yield words.phrase("Fingerprint"), run.fingerprint
    yield (
        words.phrase("How to check"),
        words.phrase(
            "Written from the run folder whose fingerprint is above. `perequa verify` on that "
            "folder computes all of it again without a solver, and must print the same fingerprint."
        ),
    )
    versions = ", ".join(f"{k} {v}" for k, v in run.record.get("versions", {}).items())
    yield (
        words.phrase("Made by"),
        words.phrase(
            "Perequa {version} ({versions})",
            version=run.record.get("perequa", ""),
            versions=versions,
        ),
    )
