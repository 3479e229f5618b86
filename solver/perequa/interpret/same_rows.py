"""What is said of a rule row that other rows already state."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.interpret.sentences import (
    LESS,
    MORE,
    effect_clause,
    money_clause,
    price_statement,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.engine.joint import JointMove
    from perequa.engine.standing import Standing
    from perequa.interpret.tables import Value
    from perequa.words import Words

NAMED = 3
"""Most rows named one by one in a sentence."""


def same_cells(
    standing: Standing, names: Mapping[int, str], row: int, level: int, limit: float
) -> tuple[Value, ...]:
    """Cells of ``shadow_prices.csv`` from ``same_as`` to ``joint_holds_down_to``.

    Parameters
    ----------
    names
        Identifier of every rule row.
    row, level
        Position of the row in the program, and of the priority.
    limit
        Limit of the row.
    """
    by = standing.held.get(row)
    if by is None:
        return ("", "", None, None, None, None)
    said = (";".join(names[j] for j in by.rows), by.how)
    if row not in standing.of_row:
        return (*said, None, None, None, None)
    move, units = standing.of_row[row]
    more, less = (standing.moves[move].sides[sign][level] for sign in (1, -1))
    return (
        *said,
        more.price * units,
        less.price * units,
        limit + _reach(more) / units,
        limit - _reach(less) / units,
    )


def _reach(price: JointMove) -> float:
    return price.reach if math.isfinite(price.price) else 0.0


def full_statement(row: Mapping[str, str], words: Words) -> str:
    """Say what a limit costs, in money too, and what other rows have to do with it.

    Parameters
    ----------
    row
        Cells of a row of ``shadow_prices.csv``, as text.
    words
        Language of the sentence.
    """
    said = (price_statement(row, words), money_clause(row, words), same_clause(row, words))
    return " ".join(part for part in said if part)


def same_clause(row: Mapping[str, str], words: Words) -> str:
    """Say which rows already state a row, and what moving all of them would do; often nothing.

    Parameters
    ----------
    row, words
        As for `full_statement`.
    """
    if not row["same_as"]:
        return ""
    others = row["same_as"].split(";")
    who, count = _named(others, words), len(others)
    match row["same_how"]:
        case "looser":
            return words.plural(
                "It never holds by itself: {who} is tighter.",
                "It never holds by itself: {who} are tighter.",
                count,
                who=who,
            )
        case "looser_sum":
            return words.phrase("It never holds by itself: {who} together are tighter.", who=who)
        case "sum":
            said = words.phrase("{who} add up to the same", who=who)
            how = words.phrase("moved together in proportion")
        case _:
            said = words.plural("{who} says the same", "{who} say the same", count, who=who)
            how = words.phrase("moved together")
    if not row["joint_effect_of_one_more"]:
        return words.phrase("It does not hold alone: {said}.", said=said)
    return words.phrase(
        "It does not hold alone: {said}; {how}, {more} and {less}.",
        said=said,
        how=how,
        more=effect_clause(row, MORE, float(row["joint_effect_of_one_more"]), words),
        less=effect_clause(row, LESS, float(row["joint_effect_of_one_less"]), words),
    )


def _named(rows: list[str], words: Words) -> str:
    rules = sorted({row.split("/")[0] for row in rows})
    joined = words.phrase(" and ").join(rows if len(rows) <= NAMED else rules)
    if len(rows) <= NAMED:
        return joined
    return words.phrase("{count} rows of {rules}", count=str(len(rows)), rules=joined)
