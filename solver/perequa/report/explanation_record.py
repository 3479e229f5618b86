"""An explanation as plain data, every figure unrounded."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from perequa.interpret.moves import COLUMNS, moves_table
from perequa.interpret.tables import json_value

if TYPE_CHECKING:
    from perequa.interpret.explanation import Explanation, RuleExplained, TerritoryExplained
    from perequa.interpret.moves import Move


def explanation_record(told: Explanation) -> dict[str, Any]:
    """Give an explanation its JSON form: ``rule`` and ``territory``, null where not asked."""
    return {
        "rule": None if told.rule is None else _rule(told, told.rule),
        "territory": None if told.territory is None else _territory(told, told.territory),
    }


def _rule(told: Explanation, rule: RuleExplained) -> dict[str, Any]:
    asked = rule.amount
    return {
        "prices": [_price_line(line) for line in rule.lines],
        "alone": [_move(told, move) for move in rule.alone],
        "together": [_move(told, move) for move in rule.together],
        "amount": None
        if asked is None
        else {
            "solved_again": _move(told, asked.again),
            "at_the_price": None if asked.at_the_price is None else _move(told, asked.at_the_price),
            "farthest": json_value(asked.farthest),
            "prices": [
                {**_plain(price), "objectives": list(price.objectives)} for price in asked.prices
            ],
        },
    }


FIGURES = (
    *("limit", "effect_of_one_more", "effect_of_one_less", "holds_up_to", "holds_down_to"),
    *("effect_per_100k_more", "effect_per_100k_less"),
    *("joint_effect_of_one_more", "joint_effect_of_one_less"),
)
"""Columns of ``shadow_prices.csv`` that hold figures."""


def _price_line(line: dict[str, str] | Any) -> dict[str, Any]:  # noqa: ANN401 - cells as text
    record: dict[str, Any] = dict(line)
    for name in FIGURES:
        if name in record:
            record[name] = json_value(float(record[name])) if record[name] else None
    for name in ("year", "priority"):
        record[name] = int(record[name]) if record[name] else None
    record["unique"] = record["unique"] == "true"
    return record


def _move(told: Explanation, move: Move) -> dict[str, Any]:
    changes = moves_table(told.run, (move,)).rows
    return {
        "name": move.name,
        "limits": [
            {"row": str(told.run.program.row_keys[row]), "change": change}
            for row, change in move.direction.items()
        ],
        "possible": move.possible,
        "effects": {name: json_value(effect) for name, effect in move.effects.items()},
        "holds": json_value(move.holds),
        "changes": [
            dict(zip(COLUMNS[1:], map(json_value, line[1:]), strict=True)) for line in changes
        ],
    }


def _territory(told: Explanation, asked: TerritoryExplained) -> dict[str, Any]:
    return {
        "level": asked.territory.level,
        "territory": asked.territory.code,
        "territory_name": asked.territory.name,
        "shares": [_plain(share) for share in asked.shares],
        "rates": [_plain(rate) for rate in asked.rates],
        "own_rules": [_price_line(line) for line in asked.own],
        "shared_rules": [_price_line(line) for line in asked.shared],
        "gives": [_move(told, move) for move in asked.gives],
        "one_more": [
            {
                "measure": more.measure,
                "step": more.step,
                "move": None if more.move is None else _move(told, more.move),
                "blocked_by": [str(told.run.program.row_keys[row]) for row in more.blocked_by],
            }
            for more in asked.one_more
        ],
    }


def _plain(told: Any) -> dict[str, Any]:  # noqa: ANN401 - a frozen record of plain values
    return {name: json_value(value) for name, value in dataclasses.asdict(told).items()}
