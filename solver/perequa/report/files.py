"""The files of a run folder, from a run in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.allocation import allocation_table, totals_table
from perequa.interpret.by_objective import by_objective_table
from perequa.interpret.construction import construction_table
from perequa.interpret.establishments import convergence_table, overruns_table
from perequa.interpret.extras import choices_table, conversions_table, freed_table, parts_table
from perequa.interpret.notifications import notifications_table
from perequa.interpret.projects import one_more_table, projects_table
from perequa.interpret.rates import equity_table, indicators_table
from perequa.interpret.rules import objectives_table, prices_table, rules_table
from perequa.interpret.transfers import transfers_table
from perequa.interpret.weights import weights_table
from perequa.interpret.whole import whole_table
from perequa.report.arrays import evidence_arrays, joint_arrays, npz, weight_arrays
from perequa.report.selection_arrays import selection_arrays
from perequa.report.texts import csv_bytes

if TYPE_CHECKING:
    from perequa.interpret.run import Solved
    from perequa.interpret.tables import Table
    from perequa.report.arrays import Arrays
    from perequa.words import Words


def tables_of(run: Solved, words: Words) -> dict[str, Table]:
    """Every table of a solved run, by file name without its ending; sentences in one language."""
    tables = {
        "allocation": allocation_table(run),
        "totals": totals_table(run),
        "indicators": indicators_table(run),
        "equity": equity_table(run),
        "objectives": objectives_table(run),
        "rules": rules_table(run),
    }
    if run.prices is not None:
        tables["shadow_prices"] = prices_table(run, words)
        tables["weight_ranges"] = weights_table(run)
    if run.moves is not None:
        tables["prices_by_objective"] = by_objective_table(run)
    if run.whole is not None:
        tables["whole"] = whole_table(run, run.whole)
    if run.reference.parts:
        tables["reference_parts"] = parts_table(run)
    if run.reference.stopped:
        tables["reference_freed"] = freed_table(run)
    if run.instance.scenario.choices:
        tables["choices"] = choices_table(run)
    if run.choice is not None:
        tables["projects"] = projects_table(run, run.choice, words)
        if run.choice.left_out.moved:
            tables["one_more"] = one_more_table(run, run.choice, words)
    return tables | _tables_of_money(run)


def _tables_of_money(run: Solved) -> dict[str, Table]:
    """Tables of what changes a budget beside the plan itself, where the scenario has any."""
    tables = {}
    if run.instance.overruns:
        tables["overruns"] = overruns_table(run)
    if run.instance.conversions:
        tables["conversions"] = conversions_table(run)
    if run.instance.campaign is not None:
        tables["construction"] = construction_table(run)
    campaign = run.instance.scenario.campaign
    if campaign is not None and campaign.delegations:
        tables["notifications"] = notifications_table(run)
    if any(row.moves for row in run.instance.rows):
        tables["transfers"] = transfers_table(run)
    if run.instance.convergence:
        tables["convergence"] = convergence_table(run)
    return tables


def solved_files(
    run: Solved, program: bytes, solution: Arrays, tables: dict[str, Table]
) -> dict[str, bytes]:
    """Tables and arrays of a solved run, by path inside the run folder; the program is packed."""
    files = {f"{name}.csv": csv_bytes(table) for name, table in tables.items()}
    files["program.npz"] = program
    files["solution.npz"] = npz(solution)
    for p, level in enumerate(run.levels):
        name = "evidence.npz" if p == 0 else f"evidence_{p + 1}.npz"
        files[name] = npz(evidence_arrays(level, run.stages[p].y))
    if run.standing.moves:
        files["joint.npz"] = npz(joint_arrays(run.standing.moves, run.stages))
    if run.choice is not None:
        files["selection.npz"] = npz(selection_arrays(run.choice.selected))
    if run.weight_ranges:
        files["weights.npz"] = npz(weight_arrays(run.weight_ranges, run.stages))
    return files
