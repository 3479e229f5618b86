"""The data of a scenario: each symbol, what it is, the column or figure it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.report.document import Grid, Line, Listing, code, maths, say
from perequa.report.equations.symbols import column_line, figure, word
from perequa_models.derive import FORMULAS
from perequa_models.figures.arrays import national_initial
from perequa_models.measures import PerDay
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from perequa.report.document import Block
    from perequa_models.instance import Instance
    from perequa_models.measures import Measure

Row = tuple[Line, Line, Line, Line]
HEADER = ("symbol", "what it is", "from", "unit")


def data_blocks(instance: Instance) -> list[Block]:
    """Write a table of the data, and the formulas of derived columns."""
    rows = [*_supply(instance), *_measures(instance), *_indicators(instance)]
    blocks: list[Block] = [Grid(HEADER, tuple(rows))]
    formulas = []
    for name, derive in instance.scenario.derive.items():
        formula = FORMULAS[derive.formula]
        line = say("Column {} = {}: {}", code(name), maths(formula.equation), formula.words)
        if derive.year is not None:
            line = (*line, *say(", values of {}", str(derive.year)))
        if derive.otherwise is not None:
            line = (*line, *say("; where it does not apply, "))
            line = (*line, *column_line(instance, derive.otherwise.column))
        formulas.append((*line, *say(".")))
    if formulas:
        blocks.append(Listing(tuple(formulas)))
    return blocks


def _supply(instance: Instance) -> list[Row]:
    """Stocks: places installed, closures, extensions still due, the budget renewed."""
    currency = instance.scenario.currency
    money = instance.is_money
    rows: list[Row] = []
    if not money.all():
        stock = _quantity(instance, "installed")
        rows.append((say("$S^0_{tm}$"), say("places before the plan"), stock, say("place")))
        closed = _quantity(instance, "closed")
        rows.append((say("$z_{tmy}$"), say("places closing"), closed, say("place")))
    if money.any():
        base = _quantity(instance, "base")
        told = say("stock before the plan of measures counted in money")
        rows.append((say("$S^0_{tm}$"), told, base, say("{}", currency)))
    for symbol, words, name in (
        ("e_{tm}", "full-year extension still due for earlier places", "carried"),
        ("G^0_{tm}", "budget renewed, before the plan", "base"),
    ):
        line = _quantity(instance, name)
        rows.append((say(f"${symbol}$"), say("{}", words), line, say("{}", currency)))
    return rows


def _quantity(instance: Instance, name: str) -> Line:
    """Say where a quantity comes from; 0 when no table has its column."""
    if name in instance.columns:
        return column_line(instance, name)
    return say("0: no column {}", code(name))


def _measures(instance: Instance) -> list[Row]:
    """Cost, opening months and yearly rate of each measure."""
    currency = instance.scenario.currency
    rows: list[Row] = []
    for name in instance.measures:
        measure = instance.scenario.measures[name]
        m = word(name)
        if measure.unit == "place":
            told = say("full-year cost of a place of {}", code(name))
            unit = say("{} a place", currency)
            rows.append((say(f"$c_{{t,{m},y}}$"), told, _cost(instance, measure), unit))
            months = say("{}", figure(measure.opening_months))
            told = say("months paid in the opening year")
            rows.append((maths_line(rf"\mu_{{{m}}}"), told, months, say("month")))
        rate = _rate(instance, name)
        if rate is not None:
            told = say("yearly rate of the budget of {}", code(name))
            rows.append((maths_line(rf"\rho_{{t,{m},y}}"), told, rate, say("per year")))
    return rows


def maths_line(latex: str) -> Line:
    """Return a line of mathematics alone."""
    return (maths(latex),)


def _cost(instance: Instance, measure: Measure) -> Line:
    """Say what a place costs, and what part of it the envelope pays."""
    cost = measure.cost
    if isinstance(cost, PerDay):
        product = figure(cost.per_day * cost.days)
        line = say("{} × {} = {}", figure(cost.per_day), figure(cost.days), product)
    elif isinstance(cost, ColumnRef):
        line = column_line(instance, cost.column)
    else:
        line = say("{}", figure(cost or 0.0))
    if measure.financed_share != 1.0:
        line = (*line, *say(", of which {} is financed", figure(measure.financed_share)))
    return line


def _rate(instance: Instance, name: str) -> Line | None:
    """Say the yearly rate of a budget, None when it is 0."""
    stated = instance.scenario.rate_of(name)
    if isinstance(stated, ColumnRef):
        return column_line(instance, stated.column)
    if isinstance(stated, dict):
        by_year = ", ".join(f"{year}: {figure(rate)}" for year, rate in stated.items())
        return say("{}", by_year)
    return say("{}", figure(stated)) if stated else None


def _indicators(instance: Instance) -> list[Row]:
    """Population, starting stock and target of each indicator."""
    rows: list[Row] = []
    for name, spec in instance.scenario.indicators.items():
        data = instance.indicators[name]
        i = word(name)
        per = figure(spec.per)
        population = column_line(instance, spec.population)
        told = say("denominator of {}, {} for a unit of rate", code(name), per)
        rows.append((maths_line(rf"P^{{{i}}}_{{uy}}"), told, population, say("that of its column")))
        counts = "base" if data.in_budget else spec.counts
        money = data.in_budget or bool(instance.is_money[data.measures].all())
        counts = "base" if money and counts == "installed" else counts
        unit = say("{}", instance.scenario.currency if money else "place")
        told = say("what {} counts before the plan", code(name))
        start = _quantity(instance, counts)
        rows.append((maths_line(rf"S^{{0,{i}}}_{{um}}"), told, start, unit))
        national = national_initial(instance.tree, data)
        fixed = spec.target != "national_initial" and not np.isclose(data.target, national)
        origin = "a number of the scenario" if fixed else "the national rate before the plan"
        told = say("target of {}: {}", code(name), origin)
        value = say("{}", figure(data.target))
        rows.append((maths_line(rf"\tau^{{{i}}}"), told, value, say("rate point")))
    return rows
