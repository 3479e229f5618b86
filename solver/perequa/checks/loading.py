"""From a scenario's files to an instance: every check, all problems at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.checks.figures import (
    check_exceptions,
    check_money_pairs,
    check_normalised,
    check_objectives,
    check_sizes,
    check_totals,
)
from perequa.checks.frame import Frame
from perequa.checks.placing import Places
from perequa.checks.plausibility import (
    check_by_territory,
    check_columns,
    check_levels,
    check_scenario,
    check_shares,
)
from perequa.checks.schema import check_schema
from perequa.checks.table_set import TableSet
from perequa.checks.uses import STOCKS, Uses
from perequa.checks.versions import refuse_beside_projects, refuse_cascade
from perequa.io.findings import InvalidInput
from perequa.io.scenario_files import read_scenario
from perequa_models.assembly import assemble
from perequa_models.derive import derive_columns
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation
from perequa_models.tie_break import evenness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.io.findings import Finding
    from perequa.io.scenario_files import RawScenario
    from perequa_models.instance import Instance
    from perequa_models.problems import Cell
    from perequa_models.reference.reference import Reference
    from perequa_models.scenario import Scenario
    from perequa_models.tree import Tree


ROWS_NOT_PLACED = frozenset(
    {
        *("unknown_territory", "ambiguous_territory", "unknown_level"),
        *("unknown_measure", "unknown_year", "duplicate_row"),
    }
)
"""Problems of a row's keys: what the row states goes nowhere."""
NO_ROW = frozenset({"missing_value", "population_not_positive"})
"""Problems of what no row states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A valid scenario.

    Attributes
    ----------
    raw
        Files, merged data, origins.
    instance
        Its figures: complete, nothing defaults after this point.
    reference
        The circular's own allocation of them.
    findings
        Warnings.
    """

    raw: RawScenario
    instance: Instance
    reference: Reference
    findings: tuple[Finding, ...]


def load(source: str, variants: Sequence[str] = (), sets: Sequence[str] = ()) -> Loaded:
    """Read and check everything a scenario states.

    Parameters
    ----------
    source
        Path of a scenario file or folder, or name of a shipped scenario.
    variants
        Names of variants, applied in order.
    sets
        ``PATH=VALUE`` changes, applied last.

    Raises
    ------
    InvalidInput
        With every finding, warnings included, when one is an error.
    NotInThisVersion
        When the scenario uses a word whose machinery is not built yet.
    UsageError
        When a change is not written ``PATH=VALUE``.
    """
    return check(read_scenario(source, variants, sets))


def check(raw: RawScenario) -> Loaded:
    """Check everything a scenario already read states.

    Parameters
    ----------
    raw
        The merged scenario and its files.

    Raises
    ------
    InvalidInput
        With every finding, warnings included, when one is an error.
    NotInThisVersion
        When the scenario uses a word whose machinery is not built yet.
    """
    refuse_cascade(raw.data)
    problems = Problems()
    tables = TableSet(raw, Frame.of(raw.data), problems)
    checked = _checked(raw, tables, problems)
    findings = _placed(raw, tables, problems)
    if checked is None or any(finding.severity == "error" for finding in findings):
        raise InvalidInput(findings)
    instance, reference = checked
    refuse_beside_projects(instance)
    return Loaded(raw=raw, instance=instance, reference=reference, findings=findings)


def _checked(
    raw: RawScenario, tables: TableSet, problems: Problems
) -> tuple[Instance, Reference] | None:
    """Check everything, as far as what is right allows; None when a figure is wrong."""
    scenario = check_schema(raw.data, problems)
    check_sizes(raw.data, problems)
    tables.read()
    if scenario is None:
        return None
    check_scenario(scenario, problems)
    unread = tables.incomplete or bool(tables.unreadable or raw.findings)
    # figures out of all proportion overflow as soon as something is computed from them
    unread |= any(problem.code == "out_of_range" for problem in problems.found)
    decided = tables.tree is not None and check_levels(scenario, tables.tree, problems)
    if unread or not decided or tables.tree is None:
        # what is missing was said: nothing can be told from what is not there
        check_shares(scenario, problems)
        return None
    assembled = _assembled(scenario, tables.tree, tables, problems)
    if assembled is None:
        check_shares(scenario, problems)
    return assembled


def _assembled(
    scenario: Scenario, tree: Tree, tables: TableSet, problems: Problems
) -> tuple[Instance, Reference] | None:
    """Give the scenario its figures, and check what can be told from figures only."""
    columns = derive_columns(scenario, tree, tables.columns, problems)
    check_columns(scenario, tree, columns, problems)
    uses = Uses.of(tables.raw.data)
    check_totals(columns, _quantities(tables, uses), tree, tables.frame, problems)
    by_territory = sorted({*STOCKS, *uses.quantities})
    if not check_by_territory(columns, by_territory, tree, problems):
        return None
    instance = assemble(scenario, tree, columns, problems, tables.projects)
    if instance is None:
        return None
    check_exceptions(instance, problems)
    supply = tables.named.get(("supply",))
    if supply is not None:
        check_money_pairs(supply, columns, instance, problems)
    reference = reference_allocation(instance, problems)
    if not problems.errors:
        evenness(instance, reference, problems)
        check_objectives(instance, reference, problems)
    if not problems.errors:
        check_normalised(instance, reference, problems)
    return instance, reference


def _quantities(tables: TableSet, uses: Uses) -> set[str]:
    """Columns that add up: populations, what objectives count, everything in supply."""
    supply = tables.named.get(("supply",))
    held = {name for name, c in tables.columns.items() if supply and c.table == supply.key}
    return uses.quantities | held


def _placed(raw: RawScenario, tables: TableSet, problems: Problems) -> tuple[Finding, ...]:
    """Give every problem its place; a cell is told wrong once."""
    places = Places(raw, tables.tables)
    told: set[Cell] = set()
    placed = []
    misplaced = {p.cell.table for p in problems.found if p.cell and p.code in ROWS_NOT_PLACED}
    for problem in problems.found:
        cell = problem.cell
        no_row = problem.code in NO_ROW and cell is not None and cell.row is None
        if no_row and cell is not None and cell.table in misplaced:
            continue  # the row may be one of those whose keys are wrong
        if cell is not None and cell.row is not None and problem.severity == "error":
            if cell in told:
                continue  # e.g. a wrong figure, then its absence where it is needed
            told.add(cell)
        placed.append(places.finding(problem))
    return (*raw.findings, *tables.unreadable, *dict.fromkeys(placed))
