"""What a rule costs, and who pays when its limits move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.joint import JointMoves
from perequa.engine.what_if import most_possible, moved
from perequa.explaining.chosen_rows import hint, rows_of
from perequa.interpret.explanation import AmountMoved, MovePrice, RuleExplained, price_size
from perequa.interpret.moves import solved_again
from perequa.reopening import read_again
from perequa_models.errors import InvalidScenario, UsageError
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perequa.explaining.question import Question
    from perequa.explaining.subject import Subject
    from perequa_models.scenario import Scenario

MOST_ALONE = 12
"""Rows followed one by one, the dearest first; all are followed together."""
_ALL = {1: "all rows together +", -1: "all rows together -"}


def explain_rule(subject: Subject, asked: Question, node: int | None) -> RuleExplained:
    """Say what moving the rows of some rules does, each alone, all together, by an amount.

    Raises
    ------
    UsageError
        When the question names something the run does not have.
    """
    rows = {rule: rows_of(subject, rule, asked, node) for rule in asked.rules}
    every = sorted((i for chosen in rows.values() for i in chosen), key=_dearest(subject))
    place = {i: k for k, i in enumerate(every)}
    lines = [line for line in subject.opened.prices if subject.row_at[line["row"]] in place]
    lines.sort(key=lambda line: (place[subject.row_at[line["row"]]], int(line["priority"])))
    steps = {i: subject.step(i) for i in every}
    return RuleExplained(
        lines=tuple(lines),
        alone=tuple(
            subject.follow(subject.named(i, sign), {i: sign * steps[i]})
            for i in [i for i in every if subject.met(i)][:MOST_ALONE]
            for sign in (1, -1)
        ),
        together=tuple(
            subject.follow(_ALL[sign], {i: sign * steps[i] for i in every})
            for sign in ((1, -1) if len(every) > 1 else ())
        ),
        amount=_amount(subject, asked, rows) if asked.by else None,
    )


def _dearest(subject: Subject) -> Callable[[int], tuple[bool, float, int]]:
    """Order rows: those the plan meets first, then by the size of their effect."""
    size: dict[int, float] = {}
    for line in subject.opened.prices:
        row = subject.row_at[line["row"]]
        size[row] = max(size.get(row, 0.0), price_size(line) * subject.step(row))
    return lambda i: (not subject.met(i), -size[i], i)


def _amount(subject: Subject, asked: Question, rows: Mapping[str, list[int]]) -> AmountMoved:
    direction = _linked(subject, asked) if asked.linked else _direction(subject, asked, rows)
    again = solved_again(subject.run, "asked", direction, moved(subject.base, direction))
    rate = subject.follow("at the price", direction)
    farthest = most_possible(subject.base, direction)
    return AmountMoved(
        again=again,
        at_the_price=rate if rate.possible and np.isfinite(rate.holds) else None,
        farthest=farthest,
        prices=_prices(subject, direction),
    )


def _prices(subject: Subject, direction: Mapping[int, float]) -> tuple[MovePrice, ...]:
    """Price the whole move at each priority, with the range in which that holds."""
    weighting = subject.run.weighting
    moves = JointMoves(subject.optimum.staged, subject.options).together(direction)
    return tuple(
        MovePrice(
            priority=weighting.priorities[p],
            objectives=weighting.served(p),
            unit=weighting.units[p],
            effect=move.price,
            holds=move.reach,
            exact=move.exact,
        )
        for p, move in enumerate(moves)
    )


def _direction(
    subject: Subject, asked: Question, rows: Mapping[str, list[int]]
) -> dict[int, float]:
    amounts = asked.by * len(rows) if len(asked.by) == 1 else asked.by
    units = {subject.lines[i]["unit"] for chosen in rows.values() for i in chosen}
    if len(units) > 1 and len(asked.by) == 1:
        raise UsageError(
            f"--by {asked.by[0]:g}: the rules are stated in {' and '.join(sorted(units))}; "
            "give one --by for each --rule"
        )
    return {
        i: amount for (_, chosen), amount in zip(rows.items(), amounts, strict=True) for i in chosen
    }


def _linked(subject: Subject, asked: Question) -> dict[int, float]:
    """Move the stated limit and see which limits of the program follow."""
    rule, by = asked.rules[0], asked.by[0]
    stated = subject.opened.folder.scenario["rules"]
    if rule not in stated:
        raise UsageError(f"--rule {rule}: no such rule{hint(rule, stated)}")
    restated: dict[tuple[str, ...], object] = {
        ("rules", rule, *place): value + by for place, value in _stated(rule, stated[rule])
    }
    if not _follows_reference(subject.run.instance.scenario):
        restated["reference",] = None  # it may share out the very limit that moves
    try:
        again = read_again(subject.opened.folder, restated)
    except InvalidScenario as refused:
        raise UsageError(f"--by {by:g}: with this change, {refused.problems[0].message}") from None
    rows = {row.key: row for row in again.instance.rows}
    changes = {
        i: rows[key].limit - subject.optimum.program.row_limit[i]
        for i, key in enumerate(subject.optimum.program.row_keys)
        if isinstance(key, RowKey)
    }
    return {i: float(change) for i, change in changes.items() if change}


def _follows_reference(scenario: Scenario) -> bool:
    """Whether the program depends on the reference."""
    objectives = scenario.objectives.values()
    followed = any(spec.kind == "distance_to_reference" for spec in objectives)
    return scenario.reference is None or followed or scenario.tie_break.toward == "reference"


def _stated(rule: str, spec: Mapping[str, object]) -> list[tuple[tuple[str, ...], float]]:
    """Places of a rule's stated limits, and the figure that moves each.

    Raises
    ------
    UsageError
        When a limit is read from a table of its own.
    """
    places: list[tuple[tuple[str, ...], float]] = []
    for side in ("at_least", "at_most", "equals"):
        bound = spec.get(side)
        if isinstance(bound, int | float):
            places.append(((side,), float(bound)))
        elif isinstance(bound, dict) and "column" in bound:
            places.append(((side, "plus"), float(bound.get("plus", 0.0))))
        elif bound is not None:
            raise UsageError(
                f"--linked: the limit of {rule} is read from a table of its own; "
                "change the table, or leave out --linked"
            )
    if not places:
        raise UsageError(f"--linked: {rule} states no limit that other limits follow")
    return places
