"""What is said of a rule row that other rows already state."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.interpret.sentences import PER, amount, price_statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.engine.joint import JointPrice, Standing
    from perequa.interpret.tables import Value

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


def _reach(price: JointPrice) -> float:
    return price.reach if math.isfinite(price.price) else 0.0


def full_statement(row: Mapping[str, str]) -> str:
    """Say what a limit costs, and what other rows have to do with it.

    Parameters
    ----------
    row
        Cells of a row of ``shadow_prices.csv``, as text.
    """
    return price_statement(row) + same_clause(row)


def same_clause(row: Mapping[str, str]) -> str:
    """Say which rows already state a row, and what moving all of them would do.

    Parameters
    ----------
    row
        Cells of a row of ``shadow_prices.csv``, as text.
    """
    if not row["same_as"]:
        return ""
    others = row["same_as"].split(";")
    who, one = _named(others), len(others) == 1
    match row["same_how"]:
        case "looser":
            return f" It never holds by itself: {who} {'is' if one else 'are'} tighter."
        case "looser_sum":
            return f" It never holds by itself: {who} together are tighter."
        case "sum":
            said, how = f"{who} add up to the same", "moved together in proportion"
        case _:
            said, how = f"{who} {'says' if one else 'say'} the same", "moved together"
    if not row["joint_effect_of_one_more"]:
        return f" It does not hold alone: {said}."
    return f" It does not hold alone: {said}; {how}, {_joint(row)}."


def _named(rows: list[str]) -> str:
    if len(rows) <= NAMED:
        return " and ".join(rows)
    rules = sorted({row.split("/")[0] for row in rows})
    return f"{len(rows)} rows of {' and '.join(rules)}"


def _joint(row: Mapping[str, str]) -> str:
    money = row["unit"] != "place"
    size = PER if money else 1.0
    what = amount(PER, row["unit"]) if money else "one place"
    sides = (
        (f"{what} more", float(row["joint_effect_of_one_more"]) * size),
        (f"{what} less", float(row["joint_effect_of_one_less"]) * size),
    )
    return " and ".join(_effect(move, effect, row) for move, effect in sides)


def _effect(move: str, effect: float, row: Mapping[str, str]) -> str:
    if math.isinf(effect):
        return f"{move} is impossible"
    if effect == 0.0:
        return f"{move} changes nothing"
    verb = "improves" if effect < 0 else "worsens"
    served = row["objective"].replace(";", " + ")
    return f"{move} {verb} {served} by {amount(abs(effect), row['objective_unit'])}"
