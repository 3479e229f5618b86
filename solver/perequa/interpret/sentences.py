"""The price of a rule, said in words a planner can defend.

A sentence is made from the row's own cells and a language alone, so that it can be made again from
a run folder. One function per sentence, each taking ``(row, words)``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from perequa.words.terms import amount, limit_named, objective_named, signed_amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.words import Words

PER = 100_000.0
"""Money is spoken of by hundred thousands."""
MORE, LESS = 1, -1


def price_statement(row: Mapping[str, str], words: Words) -> str:
    """Say what one more and one less of a limit would do.

    Parameters
    ----------
    row
        Cells of a row of ``shadow_prices.csv``, as text.
    words
        Language of the sentence.
    """
    subject = limit_named(row, words)
    if not row["effect_of_one_more"]:
        return words.phrase(
            "{subject}: the price at priority {priority} is not available yet.",
            subject=subject,
            priority=row["priority"],
        )
    if float(row["effect_of_one_more"]) == 0.0 == float(row["effect_of_one_less"]):
        return _changes_nothing(row, subject, words)
    return words.phrase(
        "{subject}: {more}; {less}.",
        subject=subject,
        more=move_clause(row, MORE, words),
        less=move_clause(row, LESS, words),
    )


def _changes_nothing(row: Mapping[str, str], subject: str, words: Words) -> str:
    """Say that a limit has no price on either side, and between which limits that is so."""
    ends = (float(row["holds_down_to"]), float(row["holds_up_to"]))
    low, high = map(words.number, ends)
    match tuple(map(math.isfinite, ends)):
        case (True, True):
            return words.phrase(
                "{subject}: one more or one less changes nothing between {low} and {high}.",
                subject=subject,
                low=low,
                high=high,
            )
        case (True, False):
            return words.phrase(
                "{subject}: one more or one less changes nothing above {low}.",
                subject=subject,
                low=low,
            )
        case (False, True):
            return words.phrase(
                "{subject}: one more or one less changes nothing below {high}.",
                subject=subject,
                high=high,
            )
    return words.phrase("{subject}: one more or one less changes nothing.", subject=subject)


def move_clause(row: Mapping[str, str], sign: int, words: Words) -> str:
    """Say what moving a limit one way does, and how far that holds.

    Parameters
    ----------
    row
        Cells of a row of ``shadow_prices.csv``, as text.
    sign
        `MORE` or `LESS`.
    words
        Language of the sentence.
    """
    effect = float(row["effect_of_one_more" if sign == MORE else "effect_of_one_less"])
    said = effect_clause(row, sign, effect, words)
    reach = _reach(row, sign, step_size(row), words)
    return f"{said} ({reach})" if reach else said


def effect_clause(row: Mapping[str, str], sign: int, effect: float, words: Words) -> str:
    """Say what a step of a limit does.

    Parameters
    ----------
    row, sign, words
        As for `move_clause`.
    effect
        Effect per unit of the row.
    """
    size = step_size(row)
    moved = {
        "step": amount(size, row["unit"], words),
        "objective": objectives_said(row, words),
        "by": amount(abs(effect) * size, row["objective_unit"], words),
    }
    return (_raised if sign == MORE else _lowered)(effect, size, moved, words)


def money_clause(row: Mapping[str, str], words: Words) -> str:
    """Say what a price per place is for a round sum of money; nothing where it is not known.

    Parameters
    ----------
    row, words
        As for `price_statement`.
    """
    cells = (row["effect_per_100k_more"], row["effect_per_100k_less"])
    if row["unit"] != "place" or not all(cells):
        return ""
    more, less = map(float, cells)
    if not (math.isfinite(more) and math.isfinite(less)) or more == 0.0 == less:
        return ""
    return words.phrase(
        "For {sum} of these places: {more} and {less}.",
        sum=amount(PER, row["currency"], words),
        more=words.figures.signed(more),
        less=signed_amount(less, row["objective_unit"], words),
    )


def step_size(row: Mapping[str, str]) -> float:
    """Return the step a sentence speaks of, in the row's own unit: one place, `PER` of money."""
    return 1.0 if row["unit"] == "place" else PER


def objectives_said(row: Mapping[str, str], words: Words) -> str:
    """Name the objectives that a priority adds up."""
    return _objectives_said(row["objective"], row["objective_kind"], words)


@lru_cache(maxsize=64)
def _objectives_said(names: str, kinds: str, words: Words) -> str:
    named = zip(names.split(";"), kinds.split(";"), strict=True)
    return " + ".join(objective_named(name, kind, words) for name, kind in named)


def _raised(effect: float, size: float, moved: Mapping[str, str], words: Words) -> str:
    """Say what a higher limit does; whole sentences, since verbs agree with the step."""
    if math.isinf(effect):
        return words.plural(
            "one place more is impossible: no plan would satisfy every rule",
            "{step} more is impossible: no plan would satisfy every rule",
            size,
            **moved,
        )
    if effect == 0.0:
        return words.plural(
            "one place more changes nothing", "{step} more changes nothing", size, **moved
        )
    if effect < 0.0:
        return words.plural(
            "one place more improves {objective} by {by}",
            "{step} more improves {objective} by {by}",
            size,
            **moved,
        )
    return words.plural(
        "one place more worsens {objective} by {by}",
        "{step} more worsens {objective} by {by}",
        size,
        **moved,
    )


def _lowered(effect: float, size: float, moved: Mapping[str, str], words: Words) -> str:
    """Say what a lower limit does."""
    if math.isinf(effect):
        return words.plural(
            "one place less is impossible: no plan would satisfy every rule",
            "{step} less is impossible: no plan would satisfy every rule",
            size,
            **moved,
        )
    if effect == 0.0:
        return words.plural(
            "one place less changes nothing", "{step} less changes nothing", size, **moved
        )
    if effect < 0.0:
        return words.plural(
            "one place less improves {objective} by {by}",
            "{step} less improves {objective} by {by}",
            size,
            **moved,
        )
    return words.plural(
        "one place less worsens {objective} by {by}",
        "{step} less worsens {objective} by {by}",
        size,
        **moved,
    )


def _reach(row: Mapping[str, str], sign: int, size: float, words: Words) -> str:
    """Say how far a price holds, and whether that is less than what the sentence speaks of."""
    effect = float(row["effect_of_one_more" if sign == MORE else "effect_of_one_less"])
    end = float(row["holds_up_to" if sign == MORE else "holds_down_to"])
    if math.isinf(effect) or math.isinf(end):
        return ""
    short = abs(end - float(row["limit"])) < size
    figure = words.number(end)
    if sign == MORE:
        if short:
            return words.phrase("holds up to {end}, less than that step", end=figure)
        return words.phrase("holds up to {end}", end=figure)
    if short:
        return words.phrase("holds down to {end}, less than that step", end=figure)
    return words.phrase("holds down to {end}", end=figure)
