"""What a block of the reference shares: how much, of what, when, at which level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.problems import nearest

if TYPE_CHECKING:
    from perequa_models.instance import Flags, Floats, Instance, RuleRow
    from perequa_models.problems import Path, Problems
    from perequa_models.reference.grammar import Part, ReferenceBlock
    from perequa_models.reference.reference import Unit
    from perequa_models.tree import Territory

_SIDES = ("equals", "at_most", "at_least")
"""Which limit of a rule is what it hands out, the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A block with its rule found and its defaults settled.

    Attributes
    ----------
    index
        Position of the block in the scenario.
    amount, unit
        What the parts share, and its unit.
    kept
        Share of every territory's total that a reserve taken *after* the parts leaves (1 for one
        taken before).
    level, territories
        Where the block stops.
    measure, measure_name, year, year_name
        What and when it concerns, as positions and names.
    is_money
        Whether the measure hands out money.
    allowed
        Shape (n,): territories where the measure may be funded.
    cost
        Shape (n,): full-year cost of a place; NaN above the deciding level where costs differ.
    parts
        The parts, in the order of the file.
    """

    index: int
    amount: float
    unit: Unit
    kept: float
    level: str
    territories: tuple[Territory, ...]
    measure: int
    measure_name: str
    year: int
    year_name: int
    is_money: bool
    allowed: Flags
    cost: Floats
    parts: tuple[Part, ...]

    @property
    def n(self) -> int:
        """Number of territories."""
        return len(self.territories)


def block_path(instance: Instance, index: int) -> Path:
    """Return where a block stands: a lone block is written without a list."""
    alone = len(instance.scenario.reference) == 1
    return ("reference",) if alone else ("reference", index)


def resolve(
    instance: Instance, index: int, block: ReferenceBlock, problems: Problems
) -> Resolved | None:
    """Settle everything a block leaves to defaults; None (with problems) when it cannot be."""
    path = block_path(instance, index)
    already = len(problems.errors)
    row = None
    if block.of is not None:
        row = _row(instance, block, path, problems)
        if row is None:
            return None
    level = _level(instance, block, path, problems)
    measure = _measure(instance, block, row, path, problems)
    year = _year(instance, block, row, path, problems)
    if len(problems.errors) > already:
        return None
    amount, reserved = (block.amount or 0.0, 0.0) if row is None else _amount(instance, row)
    unit = _unit(block, row)
    is_money = bool(instance.is_money[measure])
    if is_money and unit == "places":
        problems.error(
            "money_has_no_places",
            f"{instance.measures[measure]} hands out money, not places",
            path=(*path, "in"),
            received="places",
            accepted="credits",
            remedy="say in: credits",
        )
        return None
    if amount < reserved:
        problems.error(
            "nothing_to_share",
            f"the reserves of {block.of!r} hold back more than it hands out",
            path=(*path, "of"),
            received=f"{reserved:,.10g} of {amount:,.10g}",
            accepted=f"at most {amount:,.10g}",
            remedy="lower the reserve, or raise the limit of the rule",
        )
        return None
    before = block.reserve == "before"
    allowed, cost = _cells(instance, level, measure, year)
    return Resolved(
        index=index,
        amount=amount - reserved if before else amount,
        unit=unit,
        kept=1.0 if before or amount <= 0 else 1.0 - reserved / amount,
        level=level,
        territories=tuple(instance.tree.nodes[i] for i in instance.tree.at(level)),
        measure=measure,
        measure_name=instance.measures[measure],
        year=year,
        year_name=instance.years[year],
        is_money=is_money,
        allowed=allowed,
        cost=cost,
        parts=block.parts,
    )


def _row(
    instance: Instance, block: ReferenceBlock, path: Path, problems: Problems
) -> RuleRow | None:
    """Find the one row of the rule that the block shares."""
    rules = instance.scenario.rules
    rows = [r for r in instance.rows if r.key.rule == block.of and not r.held]
    if not rows:
        known = sorted({r.key.rule for r in instance.rows if not r.held})
        inactive = block.of in rules
        problems.error(
            "rule_not_active" if inactive else "unknown_rule",
            f"rule {block.of!r} " + ("hands nothing out here" if inactive else "does not exist"),
            path=(*path, "of"),
            received=str(block.of),
            accepted=", ".join(known),
            nearest="" if inactive else nearest(str(block.of), known),
            remedy="name an active rule that hands out places or credits, or state amount and in",
        )
        return None
    if block.measure is not None:
        rows = [r for r in rows if block.measure in _measures_of(instance, r)]
    if block.year is not None:
        rows = [r for r in rows if r.key.year in (None, block.year)]
    side = next((s for s in _SIDES if any(r.key.side == s for r in rows)), "")
    rows = [r for r in rows if r.key.side == side]
    if len(rows) != 1:
        problems.error(
            "several_rows" if rows else "matches_nothing",
            f"rule {block.of!r} has {len(rows)} rows for this block, and a block shares one",
            path=(*path, "of"),
            received=", ".join(str(r.key) for r in rows[:4]) or "no row",
            accepted="one row",
            remedy="state measure and year, or state amount and in",
        )
        return None
    shared = {"places", "credits", "full_year_credits"}
    if any(term.quantity not in shared for term in rows[0].terms):
        problems.error(
            "not_handed_out",
            f"rule {block.of!r} limits a stock or a budget: it hands nothing out by itself",
            path=(*path, "of"),
            received=str(block.of),
            accepted="a rule in places, credits or full_year_credits",
            remedy="state amount and in",
        )
        return None
    return rows[0]


def _amount(instance: Instance, row: RuleRow) -> tuple[float, float]:
    """Return the limit of a row, and what its reserves hold back."""
    held = set(row.holds)
    return row.stated, sum(r.stated for r in instance.rows if r.fixes and r.key in held)


def _unit(block: ReferenceBlock, row: RuleRow | None) -> Unit:
    if row is not None:
        return "places" if row.unit == "place" else "credits"
    assert block.in_ is not None  # the grammar asks for it beside amount
    return block.in_


def _level(instance: Instance, block: ReferenceBlock, path: Path, problems: Problems) -> str:
    level = block.level or instance.level
    levels = instance.tree.levels
    offered = levels[: levels.index(instance.level) + 1]
    if level not in offered:
        problems.error(
            "unknown_level",
            f"a block cannot stop at level {level!r}",
            path=(*path, "level"),
            received=level,
            accepted=", ".join(offered),
            nearest=nearest(level, offered),
            remedy=f"name the level that decides ({instance.level}) or one above",
        )
    return level


def _measures_of(instance: Instance, row: RuleRow) -> list[str]:
    """Names of the measures a row sums."""
    cells = np.concatenate([term.cells for term in row.terms])
    return [instance.measures[m] for m in np.unique(np.unravel_index(cells, instance.shape)[1])]


def _measure(
    instance: Instance,
    block: ReferenceBlock,
    row: RuleRow | None,
    path: Path,
    problems: Problems,
) -> int:
    held = [] if row is None else _measures_of(instance, row)
    name = block.measure or (held[0] if len(held) == 1 else "")
    if not name and len(instance.measures) == 1:
        return 0
    if name in instance.measures:
        return instance.measures.index(name)
    problems.error(
        "unknown_measure" if name else "measure_needed",
        f"no measure {name!r}" if name else "the block does not say which measure it shares",
        path=(*path, "measure"),
        received=name or "nothing",
        accepted=", ".join(instance.measures),
        nearest=nearest(name, instance.measures),
        remedy="state measure; one block for each",
    )
    return 0


def _year(
    instance: Instance,
    block: ReferenceBlock,
    row: RuleRow | None,
    path: Path,
    problems: Problems,
) -> int:
    """Find the year of a block: its own, its rule's, or the plan's only one.

    A plan of several years whose rule fixes none needs `year`: putting a total of several years in
    the first one would be a choice the circular did not make.
    """
    year = block.year if block.year is not None else (row.key.year if row is not None else None)
    if year is None and len(instance.years) == 1:
        return 0
    if year in instance.years:
        return instance.years.index(year)
    problems.error(
        "unknown_year" if year is not None else "year_needed",
        f"{year} is not a year of the plan"
        if year is not None
        else "the plan has several years and the block does not say which one it shares",
        path=(*path, "year"),
        received="nothing" if year is None else str(year),
        accepted=", ".join(str(y) for y in instance.years),
        remedy="state year; one block for each",
    )
    return 0


def _cells(instance: Instance, level: str, measure: int, year: int) -> tuple[Flags, Floats]:
    """Say where a measure may be funded and what a place costs, at the nodes of a level."""
    above = instance.tree.ancestors(instance.level, level)
    open_here = instance.open_pairs[:, measure]
    cost_here = instance.cost[:, measure, year]
    nodes = instance.tree.at(level)
    allowed = np.zeros(len(nodes), dtype=np.bool_)
    cost = np.full(len(nodes), np.nan)
    for i, node in enumerate(nodes):
        inside = (above == node) & open_here
        allowed[i] = bool(inside.any())
        if not allowed[i]:
            cost[i] = 1.0  # no places there are no credits, at any cost
        elif np.ptp(cost_here[inside]) == 0:
            cost[i] = cost_here[inside][0]
    return allowed, cost
