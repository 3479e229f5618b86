"""The mathematics of one scenario: sets, data, variables, one equation per rule and objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.report.document import (
    Display,
    Grid,
    Heading,
    Line,
    Listing,
    Paragraph,
    code,
    joined,
    maths,
    say,
)
from perequa.report.equations.data import data_blocks
from perequa.report.equations.objectives import (
    objective_blocks,
    priority_blocks,
    stage_weights,
    tally,
)
from perequa.report.equations.projects import project_blocks
from perequa.report.equations.quantities import quantity_blocks
from perequa.report.equations.reference import reference_blocks
from perequa.report.equations.rules import rule_blocks
from perequa.report.equations.symbols import (
    counted,
    figure,
    level_set,
    territories_line,
)
from perequa.report.markup import latex, markdown
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from perequa.report.document import Block
    from perequa_models.instance import Instance
    from perequa_models.reference.reference import Reference

WRITERS = {"md": markdown, "tex": latex}


def mathematics(instance: Instance, reference: Reference, name: str, form: str = "md") -> str:
    """Write the mathematics of a scenario.

    Parameters
    ----------
    instance
        The scenario with its figures.
    reference
        The circular's own allocation.
    name
        The scenario column: its name and variants.
    form
        ``md`` for Markdown with LaTeX, ``tex`` for a LaTeX file that stands alone.
    """
    return WRITERS[form](mathematics_blocks(instance, reference, name))


def mathematics_blocks(instance: Instance, reference: Reference, name: str) -> list[Block]:
    """Write the same as blocks."""
    scenario = instance.scenario
    price_unit = stage_weights(instance, reference).units[0]
    blocks: list[Block] = [Heading(1, say("The mathematics of {}", name))]
    if scenario.title:
        blocks.append(Paragraph(say("{}", scenario.title)))
    if scenario.sources:
        blocks.append(Listing(tuple(say("{}", source) for source in scenario.sources)))
    blocks += [Heading(2, say("Sets")), *_sets(instance)]
    blocks += [Heading(2, say("Data")), *data_blocks(instance)]
    blocks += [Heading(2, say("Variables")), *_variables(instance, reference)]
    blocks += [Heading(2, say("Quantities")), *quantity_blocks(instance)]
    if instance.projects:
        blocks += [Heading(2, say("Projects")), *project_blocks(instance)]
    blocks.append(Heading(2, say("Rules")))
    for rule in sorted(scenario.rules):
        blocks += rule_blocks(instance, rule, price_unit)
    blocks.append(Heading(2, say("Objectives")))
    for objective in sorted(scenario.objectives):
        blocks += objective_blocks(instance, reference, objective)
    blocks += [Heading(2, say("Priorities and weights")), *priority_blocks(instance, reference)]
    blocks += [Heading(2, say("Tie-break")), *_tie_break(instance)]
    if scenario.reference:
        blocks += [Heading(2, say("Reference")), *_reference(instance, reference)]
    return blocks


def _sets(instance: Instance) -> list[Block]:
    """Sets with their sizes, then their members."""
    tree = instance.tree
    decided = tree.levels.index(instance.level)
    rows: list[tuple[Line, ...]] = []
    members: list[Line] = []
    for level in tree.levels:
        nodes = tree.at(level)
        symbol = maths(level_set(instance, level))
        role = ", which decides" if level == instance.level else ""
        told = say("territories of level {}{}", code(level), role)
        rows.append(((symbol,), told, say("{}", figure(len(nodes)))))
        if tree.levels.index(level) <= decided:
            members.append((symbol, *say(": "), *territories_line(instance, nodes)))
    measures = joined([say("{}", code(m)) for m in instance.measures])
    years = ", ".join(str(year) for year in instance.years)
    rows.append((say(r"$\mathcal{M}$"), say("measures"), say("{}", figure(len(instance.measures)))))
    rows.append((say(r"$\mathcal{Y}$"), say("years"), say("{}", figure(len(instance.years)))))
    members.append((*say(r"$\mathcal{M}$: "), *measures))
    members.append(say(r"$\mathcal{Y}$: {}", years))
    below = say(
        r"$\mathcal{T}_u$ is the territories of $\mathcal{T}$ at or below $u$. In equations a "
        "name is written with hyphens for underscores."
    )
    return [Grid(("symbol", "set", "size"), tuple(rows)), Listing(tuple(members)), Paragraph(below)]


def _variables(instance: Instance, reference: Reference) -> list[Block]:
    """Decisions, reserves and the variables of objectives, with their numbers."""
    cells = int(np.prod(instance.shape))
    held = ~instance.open_pairs & ~instance.by_projects[None, :]
    closed = int(held.sum()) * instance.shape[2]
    money = [m for m in instance.measures if instance.scenario.measures[m].unit == "money"]
    what = "places newly funded in the year"
    if money:
        names = ", ".join(money)
        what += f" (money of the year for {names})"
    counts = {name: tally(instance, reference, name) for name in instance.scenario.objectives}
    fixed = sum(row.budget_of is not None for row in instance.rows)
    reserves = sum(row.fixes for row in instance.rows) - fixed
    moving = sum(row.moves for row in instance.rows)
    auxiliary = sum(count.variables_made for count in counts.values())
    rows: list[tuple[Line, ...]] = [
        (say(r"$x_{tmy} \ge 0$"), say("{}", what), say("{}", figure(cells))),
        (
            say(r"$R \ge 0$"),
            say("what each row of a reserve holds back"),
            say("{}", figure(reserves)),
        ),
        *_budgets_fixed(fixed),
        *_transfers(moving),
        (say("of objectives"), say("gaps, extremes, distances"), say("{}", figure(auxiliary))),
    ]
    of_projects, chosen = _project_rows(instance), len(instance.projects)
    if chosen:
        symbol = say(r"$z_j \in \lbrace 0, 1 \rbrace$")
        rows.insert(1, (symbol, say("projects"), say("{}", figure(chosen))))
    of_objectives = sum(count.rows for count in counts.values())
    together = say(", {} that hold projects together", counted(of_projects, "row"))
    total = (
        *say("The program has {} of rules, ", counted(len(instance.rows), "row")),
        *say("{} of objectives", counted(of_objectives, "row")),
        *(together if of_projects else ()),
        *say(" and {}.", counted(cells + reserves + fixed + auxiliary + chosen, "column")),
    )
    if closed:
        total = (*total, *say(" {} of closed pairs are held at 0.", counted(closed, "decision")))
    return [Grid(("symbol", "what it is", "number"), tuple(rows)), Paragraph(total)]


def _budgets_fixed(number: int) -> list[tuple[Line, ...]]:
    if not number:
        return []
    what = say("budget of each establishment and year in convergence, where $x_{tmy} = 0$")
    return [(say(r"$G_{tmy} \ge 0$"), what, say("{}", figure(number)))]


def _transfers(number: int) -> list[tuple[Line, ...]]:
    if not number:
        return []
    what = say("what each row of a transfer moves from one envelope to another")
    return [(say(r"$T \ge 0$"), what, say("{}", figure(number)))]


def _project_rows(instance: Instance) -> int:
    """Rows that no rule states: places of cells, groups, requirements."""
    if not instance.projects:
        return 0
    cells = int(instance.by_projects.sum()) * instance.shape[0] * instance.shape[2]
    groups = len({p.group for p in instance.projects} - {""})
    return cells + groups + sum(1 for p in instance.projects if p.requires)


def _tie_break(instance: Instance) -> list[Block]:
    """Write which plan is published among those that tie."""
    tie = instance.scenario.tie_break
    toward = tie.toward
    around = toward == "reference"
    square = r"\left(x_{tmy} - x^{\text{ref}}_{tmy}\right)^2" if around else "x_{tmy}^2"
    basis = r"\max\left(x^{\text{ref}}_{tmy}, 1\right)" if around else "a_{tm}"
    over = r"\sum_{t \in \mathcal{T}} \sum_{m \in \mathcal{M}} \sum_{y \in \mathcal{Y}}"
    words = {
        "population": say("$a_{tm}$: the population of the first indicator that holds the measure"),
        "missing_places": say(
            r"$a_{tm} = \max\left(1, \tau p_t - S^0_t\right)$: places missing to the national rate "
            "of the first indicator that holds the measure"
        ),
        "installed": say(r"$a_{tm} = \max\left(1, S^0_{tm}\right)$: places installed"),
        "equal": say("$a_{tm} = 1$"),
        "reference": say(
            r"$x^{\text{ref}}$: the reference below (credits for measures counted in money), "
            "0 where it does not speak"
        ),
    }
    if isinstance(toward, ColumnRef):
        told: Line = say("$a_{tm}$: column {}", code(toward.column))
    else:
        told = words[toward]
    how = f"method {tie.method}" if tie.method else "method: the default, `run.json` says which"
    lines = (
        (*told, *say(" (`toward`).")),
        say("$c_{tmy}$: the cost of a place, 1 for measures counted in money."),
        say(f"Strictly convex, hence one plan; {how}."),
    )
    intro = say("Among the plans that are optimal at every priority, the one that minimises")
    if any(row.moves for row in instance.rows):
        intro = say(
            r"Among the plans that are optimal at every priority, those where the least moves from "
            r"one envelope to another, $\min \sum T$; among them, the one that minimises"
        )
    equation = rf"{over} \frac{{c_{{tmy}}}}{{{basis}}} {square}"
    return [Paragraph(intro), Display(equation), Listing(lines)]


def _reference(instance: Instance, reference: Reference) -> list[Block]:
    """Write the circular's own formula, and what it could not place."""
    intro = say(
        r"The circular's own formula, beside the optimum, unrounded. $A$ is the size of a part, "
        r"$b_t$ its key, $\lambda$ the number with which the part adds up to its size."
    )
    blocks: list[Block] = [Paragraph(intro), *reference_blocks(instance, reference)]
    for lost in reference.unplaced:
        told = say("Not placed by part {}: {}.", code(lost.part), figure(lost.amount))
        blocks.append(Paragraph(told))
    for freed in reference.stopped:
        if freed.goes_to != "nobody":
            others = "the others of the part" if freed.goes_to == "same" else freed.goes_to
            told = say(
                "Caps of part {} stop {}, which goes to ", code(freed.part), figure(freed.amount)
            )
            blocks.append(Paragraph((*told, *say("{}.", others))))
    return blocks
