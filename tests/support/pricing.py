"""A case small enough to solve by hand, and the check of its prices by solving again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from build import column, instance, scenario

from perequa.interpret.rules import prices_table, rules_table
from perequa.interpret.run import Failure
from perequa.pipeline import Success, solve_instance
from perequa.words import words_in
from perequa_models.tree import Territory, Tree

if TYPE_CHECKING:
    from perequa_models.columns import Column
    from perequa_models.instance import Instance


class Price(NamedTuple):
    """What the run says of one row at its first priority."""

    limit: float
    more: float
    less: float
    up_to: float
    down_to: float


@dataclass(frozen=True, kw_only=True)
class Case:
    """Sections of a scenario and its figures, solved as often as a test asks."""

    sections: dict[str, Any]
    figures: dict[str, dict[str, Any]]
    territories: list[Territory] | None = None
    columns: dict[str, Column] = field(default_factory=dict)
    by_measure: tuple[str, ...] = ()

    def instance(self, rule: str = "", **move: Any) -> Instance:
        """The instance, with one adjustment of a rule where a move is given."""
        sections = dict(self.sections)
        if move:
            changed = sections["rules"][rule] | {"adjust": [move]}
            sections["rules"] = sections["rules"] | {rule: changed}
        measures = tuple(sorted(sections.get("measures", {}))) if self.by_measure else ()
        figures = {k: v for k, v in self.figures.items() if k not in self.by_measure}
        tree = Tree.of(("region",), regions(self.figures))
        columns = {n: column(tree, n, self.figures[n], measures) for n in self.by_measure}
        return instance(scenario(**sections), figures, self.territories, columns | self.columns)

    def solved(self, rule: str = "", **move: Any) -> Success:
        """The run; the test fails when there is no plan."""
        result = solve_instance(self.instance(rule, **move), "case")
        assert isinstance(result, Success)
        return result

    def value(self, rule: str = "", **move: Any) -> float:
        """Optimal value of the first priority, infinite when no plan exists."""
        result = solve_instance(self.instance(rule, **move), "case", prices=False)
        return math.inf if isinstance(result, Failure) else first_value(result)

    def with_rules(self, **rules: dict[str, Any] | None) -> Case:
        """The same case with rules added, changed or (None) dropped."""
        merged = self.sections.get("rules", {}) | rules
        kept = {name: rule for name, rule in merged.items() if rule is not None}
        return self.with_sections(rules=kept)

    def with_sections(self, **sections: Any) -> Case:
        """The same case with sections replaced."""
        return replace(self, sections=self.sections | sections)


def regions(figures: dict[str, dict[str, Any]]) -> list[Territory]:
    """The regions that figures speak of."""
    codes = sorted({key for values in figures.values() for key in values})
    return [Territory(*code.split(":"), f"Name {code}", "") for code in codes]


def first_value(success: Success) -> float:
    """Optimal value of the first priority, constants included."""
    run = success.run
    stage = run.stages[0]
    return float(stage.cost @ stage.x + run.weighting.weights[0] @ run.program.offsets)


def price_of(success: Success, row: str) -> Price:
    """The price of one row as the table prints it."""
    for record in prices_table(success.run, words_in("en")).records():
        if record["row"] == row and record["priority"] == success.run.weighting.priorities[0]:
            return Price(
                float(record["limit"]),  # type: ignore[arg-type]
                float(record["effect_of_one_more"]),  # type: ignore[arg-type]
                float(record["effect_of_one_less"]),  # type: ignore[arg-type]
                float(record["holds_up_to"]),  # type: ignore[arg-type]
                float(record["holds_down_to"]),  # type: ignore[arg-type]
            )
    message = f"no price of {row}; there are {[str(k) for k in success.run.program.row_keys]}"
    raise AssertionError(message)


def row_of(success: Success, row: str) -> dict[str, Any]:
    """One line of `rules.csv`."""
    return next(r for r in rules_table(success.run).records() if r["row"] == row)


def places(success: Success) -> dict[str, float]:
    """The published plan: ``region:1/home/2004`` to places."""
    run = success.run
    cells = run.x.ravel()
    return {
        str(k)[2:]: float(cells[i]) for i, k in enumerate(run.program.column_keys[: cells.size])
    }


def check_price(case: Case, row: str, step: float = 1e-3) -> Price:
    """Compare both sides of a row's price, and how far they hold, with solving again.

    The row is moved by its rule's `adjust`, which is how a planner would try it.

    Parameters
    ----------
    row
        As printed: ``rule/level:code/measure/year/side``.
    step
        The finite difference, in the unit of the row.
    """
    rule, territory, measure, year, side = row.split("/")
    move: dict[str, Any] = {"side": side}
    if territory != "-":
        move["territory"] = territory
    if measure != "-":
        move["measure"] = measure
    if year != "-":
        move["year"] = int(year)
    success = case.solved()
    price, now = price_of(success, row), first_value(success)
    for effect, sign, end in ((price.more, 1, price.up_to), (price.less, -1, price.down_to)):
        found = (case.value(rule, **move, plus=sign * step) - now) / step
        assert found == pytest.approx(effect, rel=1e-6, abs=1e-6), (row, sign)
        reach = sign * (end - price.limit)
        assert reach >= 0, (row, sign)
        if math.isinf(effect):
            assert reach == 0, (row, sign)
            continue
        for share in (0.5, 1.0):
            distance = share * min(reach, 1e4 * step)
            there = case.value(rule, **move, plus=sign * distance)
            assert there == pytest.approx(now + effect * distance, rel=1e-8, abs=1e-7), (row, sign)
    assert price.more + price.less >= -1e-9, row
    return price


def check_every_price(case: Case, rule: str, step: float = 1e-3) -> dict[str, Price]:
    """Check the price of every row of a rule."""
    rows = [str(k) for k in case.solved().run.program.row_keys]
    mine = [row for row in rows if row.startswith(f"{rule}/") and row.count("/") == 4]
    assert mine, rule
    return {
        row: check_price(case, row, step)
        for row in mine
        if row.rpartition("/")[2] in {"at_least", "at_most", "equals"}
    }
