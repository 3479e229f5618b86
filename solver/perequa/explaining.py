"""From a run folder and a question to an explanation: why this much, and who pays for a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.plan_moves import plan_moves
from perequa.engine.response import respond
from perequa.engine.what_if import (
    Solvable,
    least_and_most,
    most_possible,
    moved,
    one_more,
)
from perequa.interpret.explanation import (
    AmountMoved,
    Explanation,
    OneMore,
    Rate,
    RuleExplained,
    Share,
    TerritoryExplained,
    cells_below,
    gained,
    rows_touching,
)
from perequa.interpret.moves import Move, followed, solved_again
from perequa.interpret.run import Solved
from perequa.interpret.sentences import PER
from perequa.pipeline import DEFAULT_OPTIONS
from perequa.reopening import read_again, reopen
from perequa_models.errors import NotProven, UsageError
from perequa_models.keys import RowKey
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perequa.engine.response import ActivePlan, Response
    from perequa.engine.session import SolverOptions
    from perequa.pipeline import Optimum
    from perequa.reopening import Reopened
    from perequa_models.tree import Indices, Tree

MOST_ALONE = 20
"""Rows explained one by one; more are told together only."""
MOST_FOLLOWED = 400
"""Binding rows followed to see which would give a territory more."""
SHOWN_GIVING = 5
SMALL = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a run.

    Attributes
    ----------
    territory, measure, year
        Which rows of the rules, or which territory alone; empty and None for all.
    rules
        Rules whose limits move.
    by
        How far they move, natural units: one figure for all, or one for each rule.
    linked
        Whether limits computed from the rule's move with it.
    """

    territory: str = ""
    rules: tuple[str, ...] = ()
    measure: str = ""
    year: int | None = None
    by: tuple[float, ...] = ()
    linked: bool = False


def explain_run(
    path: Path, question: Question, options: SolverOptions = DEFAULT_OPTIONS
) -> Explanation:
    """Explain a saved run.

    Parameters
    ----------
    path
        The run folder.
    question
        What is asked.
    options
        How the solver works.

    Raises
    ------
    UsageError
        When the question names something the run does not have.
    InvalidScenario, RunFolderWrong, NoPrices
        When the folder is no run that can be explained.
    NotProven
        When the solver does not prove an answer.
    """
    _check_question(question)
    opened = reopen(path, options)
    return _Explainer(opened, options).explain(question)


def _check_question(asked: Question) -> None:
    """Refuse a question that contradicts itself, before anything is read.

    Raises
    ------
    UsageError
        With what is accepted.
    """
    if asked.by and not asked.rules:
        raise UsageError("--by moves limits: say which with --rule NAME")
    if (asked.measure or asked.year is not None) and not asked.rules:
        raise UsageError("--measure and --year choose rows of a rule: say which with --rule NAME")
    if len(set(asked.rules)) < len(asked.rules):
        raise UsageError(f"--rule {_twice(asked.rules)} is given twice: once is enough")
    if asked.by and len(asked.by) not in (1, len(asked.rules)):
        raise UsageError(
            f"{len(asked.by)} --by for {len(asked.rules)} --rule: give one for all, or one for each"
        )
    for amount in asked.by:
        if not np.isfinite(amount) or amount == 0.0:
            raise UsageError(f"--by {amount:g}: a limit moves by a figure that is finite and not 0")
    if asked.linked:
        if len(asked.rules) != 1 or not asked.by:
            raise UsageError("--linked needs one --rule NAME and --by AMOUNT")
        if asked.territory or asked.measure or asked.year is not None:
            raise UsageError(
                "--linked moves the whole rule: leave out --territory, --measure and --year"
            )


def _twice(names: Sequence[str]) -> str:
    return next(name for i, name in enumerate(names) if name in names[:i])


class _Explainer:
    """A reopened run and what its answers are made with."""

    def __init__(self, opened: Reopened, options: SolverOptions) -> None:
        optimum = opened.optimum
        self._opened, self._options, self._optimum = opened, options, optimum
        self._run = _as_run(opened.name, optimum)
        self._base = Solvable(
            program=optimum.program,
            staged=optimum.staged,
            spread=optimum.spread,
            published=optimum.published,
            options=options,
        )
        self._at: ActivePlan = optimum.active()
        keys = optimum.program.row_keys
        self._row_at = {str(key): i for i, key in enumerate(keys) if isinstance(key, RowKey)}
        self._lines: dict[int, Mapping[str, str]] = {}
        for line in opened.prices:
            self._lines.setdefault(self._row_at[line["row"]], line)

    def explain(self, asked: Question) -> Explanation:
        node = self._node(asked.territory) if asked.territory else None
        rule = self._rule(asked, node) if asked.rules else None
        territory = self._territory(node) if node is not None and not asked.rules else None
        return Explanation(run=self._run, lines=self._lines, rule=rule, territory=territory)

    # which rows

    def _node(self, written: str) -> int:
        tree = self._run.instance.tree
        found = tree.find(written)
        if isinstance(found, int):
            return found
        hint = f"; did you mean {' or '.join(found)}?" if found else ""
        raise UsageError(f"--territory {written}: no such territory{hint}")

    def _rows(self, rule: str, asked: Question, node: int | None) -> list[int]:
        instance = self._run.instance
        known = instance.scenario.rules
        if rule not in known:
            raise UsageError(
                f"--rule {rule}: no such rule ({', '.join(known) or 'it has none'})"
                f"{_hint(rule, known)}"
            )
        rows = [(i, line) for i, line in self._lines.items() if line["rule"] == rule]
        if not rows:
            why = "is not active" if not known[rule].active else "has no row in the program"
            raise UsageError(f"--rule {rule}: it {why} in this run, so it has no price")
        chosen = [
            i
            for i, line in rows
            if (not asked.measure or line["measure"] == asked.measure)
            and (asked.year is None or line["year"] == str(asked.year))
        ]
        if node is not None:
            chosen = self._in_territory(chosen, node)
        if not chosen:
            listed = ", ".join(line["row"] for _, line in rows[:5])
            more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
            raise UsageError(f"--rule {rule}: no row as asked; its rows are {listed}{more}")
        return sorted(chosen)

    def _in_territory(self, rows: list[int], node: int) -> list[int]:
        """Keep the rows at or below a territory; without any, those it stands below."""
        tree = self._run.instance.tree
        nodes = {
            i: tree.index.get((self._lines[i]["level"], self._lines[i]["territory"])) for i in rows
        }
        below = [i for i, own in nodes.items() if own is not None and node in _up(tree, own)]
        if below:
            return below
        mine = set(np.concatenate(rows_touching(self._run, cells_below(self._run, node))).tolist())
        return [i for i in rows if i in mine]

    # what a rule does

    def _rule(self, asked: Question, node: int | None) -> RuleExplained:
        rows = {rule: self._rows(rule, asked, node) for rule in asked.rules}
        every = sorted(i for chosen in rows.values() for i in chosen)
        lines = tuple(line for line in self._opened.prices if self._row_at[line["row"]] in every)
        alone = [i for i in every if self._at.low[i] or self._at.high[i]]
        steps = {i: self._step(i) for i in every}
        return RuleExplained(
            lines=lines,
            alone=tuple(
                self._followed(self._named(i, sign), {i: sign * steps[i]})
                for i in (alone if len(alone) <= MOST_ALONE else [])
                for sign in (1, -1)
            ),
            together=tuple(
                self._followed(_ALL[sign], {i: sign * steps[i] for i in every})
                for sign in ((1, -1) if len(every) > 1 else ())
            ),
            amount=self._amount(asked, rows) if asked.by else None,
        )

    def _amount(self, asked: Question, rows: Mapping[str, list[int]]) -> AmountMoved:
        direction = self._linked(asked) if asked.linked else self._direction(asked, rows)
        again = solved_again(self._run, "asked", direction, moved(self._base, direction))
        rate = self._followed("at the price", direction)
        farthest = most_possible(self._base, direction)
        return AmountMoved(
            again=again,
            at_the_price=rate if rate.possible and np.isfinite(rate.holds) else None,
            farthest=farthest,
        )

    def _direction(self, asked: Question, rows: Mapping[str, list[int]]) -> dict[int, float]:
        amounts = asked.by * len(rows) if len(asked.by) == 1 else asked.by
        units = {self._lines[i]["unit"] for chosen in rows.values() for i in chosen}
        if len(units) > 1 and len(asked.by) == 1:
            raise UsageError(
                f"--by {asked.by[0]:g}: the rules are stated in {' and '.join(sorted(units))}; "
                "give one --by for each --rule"
            )
        return {
            i: amount
            for (_, chosen), amount in zip(rows.items(), amounts, strict=True)
            for i in chosen
        }

    def _linked(self, asked: Question) -> dict[int, float]:
        """Move the stated limit and see which limits of the program follow."""
        rule, by = asked.rules[0], asked.by[0]
        stated = self._opened.folder.scenario["rules"]
        if rule not in stated:
            raise UsageError(f"--rule {rule}: no such rule{_hint(rule, stated)}")
        sets = [
            f"rules.{rule}.{place}={value + by!r}" for place, value in _stated(rule, stated[rule])
        ]
        rows = {row.key: row for row in read_again(self._opened.folder, sets).instance.rows}
        changes = {
            i: rows[key].limit - self._optimum.program.row_limit[i]
            for i, key in enumerate(self._optimum.program.row_keys)
            if isinstance(key, RowKey)
        }
        return {i: float(change) for i, change in changes.items() if change}

    def _followed(self, name: str, direction: Mapping[int, float]) -> Move:
        try:
            answer = self._answer(direction)
        except NotProven:
            # solved again instead: right for this step, with nothing said of how far it holds
            return solved_again(self._run, name, direction, moved(self._base, direction))
        return followed(self._run, name, direction, answer)

    def _answer(self, direction: Mapping[int, float]) -> Response | None:
        if self._optimum.published.method != "exact":
            raise NotProven("a plan published by steps is followed by solving again")
        return respond(self._at, direction, self._options)

    def _step(self, i: int) -> float:
        return PER if self._optimum.program.row_is_money[i] else 1.0

    def _named(self, i: int, sign: int) -> str:
        return f"{self._optimum.program.row_keys[i]} {'+' if sign > 0 else '-'}"

    # why a territory gets what it gets

    def _territory(self, node: int) -> TerritoryExplained:
        run = self._run
        inside = cells_below(run, node)
        if not len(inside):
            raise UsageError(
                f"--territory {run.instance.tree.nodes[node].id}: places are decided at level "
                f"{run.instance.level}, above it: name a territory of that level"
            )
        own, shared = rows_touching(run, inside)
        bound = self._at.low | self._at.high
        own, shared = own[bound[own]], shared[bound[shared]]
        return TerritoryExplained(
            territory=run.instance.tree.nodes[node],
            shares=self._shares(inside),
            rates=self._rates(node),
            own=tuple(self._lines[int(i)] for i in own),
            shared=tuple(self._lines[int(i)] for i in shared),
            gives=self._gives(inside),
            one_more=tuple(self._one_more(inside, m) for m in range(len(run.instance.measures))),
        )

    def _columns(self, inside: Indices, m: int) -> Indices:
        shape = self._run.instance.shape
        positions = np.arange(int(np.prod(shape)), dtype=np.intp).reshape(shape)
        columns: Indices = positions[inside, m].ravel()
        return columns

    def _shares(self, inside: Indices) -> tuple[Share, ...]:
        run, instance = self._run, self._run.instance
        groups = [self._columns(inside, m) for m in range(len(instance.measures))]
        ends = least_and_most(self._base, groups)
        shares = []
        for m, measure in enumerate(instance.measures):
            reference = run.reference.credits if instance.is_money[m] else run.reference.places
            told = reference[inside, m]
            shares.append(
                Share(
                    measure=measure,
                    unit=instance.scenario.currency if instance.is_money[m] else "place",
                    planned=float(run.x[inside, m].sum()),
                    credits=float(run.plan.credits[inside, m].sum()),
                    reference=float("nan") if np.isnan(told).all() else float(np.nansum(told)),
                    least=ends[m][0],
                    most=ends[m][1],
                )
            )
        return tuple(shares)

    def _rates(self, node: int) -> tuple[Rate, ...]:
        run = self._run
        rates = []
        for name, indicator in run.instance.indicators.items():
            people = float(indicator.population[node, -1]) / indicator.per
            nodes = np.array([node])
            before = float(run.nothing.numerator(indicator, nodes)[0, -1])
            after = float(run.plan.numerator(indicator, nodes)[0, -1])
            rates.append(
                Rate(
                    indicator=name,
                    per=indicator.per,
                    before=before / people,
                    after=after / people,
                    target=indicator.target,
                )
            )
        return tuple(rates)

    def _gives(self, inside: Indices) -> tuple[Move, ...]:
        """Return the moves of one limit that give some territories more, the largest first."""
        bound = [i for i in self._lines if self._at.low[i] or self._at.high[i]]
        if len(bound) > MOST_FOLLOWED or self._optimum.published.method != "exact":
            return ()
        at, tie_y = self._at, self._optimum.published.y
        nothing = np.zeros((0, len(at.plan)))
        rates = plan_moves(at, tie_y, bound, nothing, self._options).rates
        moves = []
        for (i, sign), rate in rates.items():
            step = self._step(i)
            if rate is None:
                continue
            move = Move(
                name=self._named(i, sign),
                direction={i: sign * step},
                possible=True,
                effects={},
                changes=(rate * step)[: self._run.x.size].reshape(self._run.x.shape),
                holds=float("nan"),
            )
            if gained(move, inside).sum() > SMALL:
                moves.append(move)
        moves.sort(key=lambda move: (-gained(move, inside).sum(), move.name))
        money = self._optimum.program.row_is_money
        apart = [[m for m in moves if money[min(m.direction)] == unit] for unit in (False, True)]
        return tuple(move for some in apart for move in some[:SHOWN_GIVING])

    def _one_more(self, inside: Indices, m: int) -> OneMore:
        instance = self._run.instance
        step = PER if instance.is_money[m] else 1.0
        found = one_more(self._base, self._columns(inside, m), step)
        measure = instance.measures[m]
        if isinstance(found, tuple):
            return OneMore(measure=measure, step=step, move=None, blocked_by=found)
        move = solved_again(self._run, f"one more {measure}", {}, found)
        return OneMore(measure=measure, step=step, move=move, blocked_by=())


_ALL = {1: "all rows together +", -1: "all rows together -"}


def _as_run(name: str, optimum: Optimum) -> Solved:
    return Solved(
        name=name,
        instance=optimum.instance,
        reference=optimum.reference,
        program=optimum.program,
        weighting=optimum.weighting,
        alone=optimum.alone,
        stages=optimum.staged.stages,
        published=optimum.published,
        levels=(),
        moves=None,
    )


def _up(tree: Tree, node: int) -> list[int]:
    """A node and all that stand above it."""
    chain = [node]
    while tree.parent[chain[-1]] >= 0:
        chain.append(int(tree.parent[chain[-1]]))
    return chain


def _hint(name: str, known: Mapping[str, object]) -> str:
    close = nearest(name, known)
    return f"; did you mean {close}?" if close else ""


def _stated(rule: str, spec: Mapping[str, object]) -> list[tuple[str, float]]:
    """Places of a rule's stated limits, and the figure that moves each.

    Raises
    ------
    UsageError
        When a limit is read from a table of its own.
    """
    places = []
    for side in ("at_least", "at_most", "equals"):
        bound = spec.get(side)
        if isinstance(bound, int | float):
            places.append((side, float(bound)))
        elif isinstance(bound, dict) and "column" in bound:
            places.append((f"{side}.plus", float(bound.get("plus", 0.0))))
        elif bound is not None:
            raise UsageError(
                f"--linked: the limit of {rule} is read from a table of its own; "
                "change the table, or leave out --linked"
            )
    if not places:
        raise UsageError(f"--linked: {rule} states no limit that other limits follow")
    return places
