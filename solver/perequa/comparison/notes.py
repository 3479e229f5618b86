"""What a reader of a comparison must know: what is missing, what is not comparable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.comparison.figures import levels_of
from perequa.report.headings import headings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.comparison.sides import Side
    from perequa.words import Words

NAMED = 5
"""Codes named in a note."""


def common_level(planned: Sequence[Side]) -> str:
    """Return the finest level whose shares every side with a plan knows; empty without any."""
    known = [levels_of(side.tables) for side in planned]
    if not known:
        return ""
    return next((level for level in known[0] if all(level in k for k in known[1:])), "")


def notes_of(sides: Sequence[Side], base: Side, level: str, words: Words) -> tuple[str, ...]:
    """Return one sentence for each thing to know.

    Parameters
    ----------
    sides, base
        All runs and scenarios, and the one the others are compared with.
    level
        The level compared.
    words
        The language.
    """
    notes = []
    if base is not sides[0]:
        notes.append(
            words.phrase(
                "{scenario} has no plan: the others are compared with {other}",
                scenario=sides[0].name,
                other=base.name,
            )
        )
    planned = [side for side in sides if side.has_plan]
    if planned and not level:
        notes.append(
            words.phrase(
                "the scenarios have no level of territories in common: no share is compared"
            )
        )
    elif len({_decides(side) for side in planned}) > 1:
        notes.append(
            words.phrase("compared by {level}: not all decide at the same level", level=level)
        )
    for side in planned:
        if "shadow_prices" not in side.tables:
            notes.append(words.phrase("{scenario} was solved without prices", scenario=side.name))
        if side.instance is None:
            notes.append(
                words.phrase(
                    "the inputs of {scenario} cannot be read by this version: no figure by "
                    "person, no attribution",
                    scenario=side.name,
                )
            )
        if side is not base and base.has_plan:
            notes.extend(_on_one_side(side, base, words))
    return tuple(notes)


def _on_one_side(side: Side, base: Side, words: Words) -> list[str]:
    """Say which territories, measures and years one of two sides lacks."""
    columns = ["measure", "year"]
    if _decides(side) == _decides(base):
        columns.insert(0, "territory")
    notes = []
    for column in columns:
        own, first = (
            {str(value) for value in one.tables["allocation"].column(column)}
            for one in (side, base)
        )
        for more, where, other in ((own - first, side, base), (first - own, base, side)):
            if more:
                listed = ", ".join(sorted(more)[:NAMED]) + (" …" if len(more) > NAMED else "")
                notes.append(
                    words.phrase(
                        "{what} {listed}: in {scenario}, not in {other}",
                        what=headings(words)[column],
                        listed=listed,
                        scenario=where.name,
                        other=other.name,
                    )
                )
    return notes


def _decides(side: Side) -> str:
    return levels_of(side.tables)[0]
