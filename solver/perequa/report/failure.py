"""The files of a run that found no plan: proofs, tables and repaired scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.interpret.diagnosis import adjustments
from perequa.interpret.repairs import (
    conflicts_table,
    menus_table,
    repair_file,
    repairs_table,
    suspected_limits,
)
from perequa.io.repaired import RESOLVED, repair_yaml, resolved_yaml
from perequa.report.arrays import npz, program_arrays, sparse_rows
from perequa.report.texts import csv_bytes, json_bytes
from perequa_models.errors import Infeasible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.interpret.run import Failure
    from perequa.interpret.tables import Table
    from perequa.io.findings import Finding
    from perequa.io.scenario_files import RawScenario
    from perequa.report.arrays import Arrays


def failure_tables(failure: Failure) -> dict[str, Table]:
    """Every table of a run without a plan, by file name without its ending."""
    return {
        "conflicts": conflicts_table(failure),
        "menus": menus_table(failure),
        "repairs": repairs_table(failure),
    }


def failed_files(
    failure: Failure, tables: Mapping[str, Table], raw: RawScenario, places: Mapping[str, str]
) -> dict[str, bytes]:
    """Tables, proofs and repaired scenarios of a run without a plan, by path inside its folder.

    Parameters
    ----------
    failure, tables
        The run and its tables.
    raw, places
        The scenario as read, and the place of each of its files inside the folder.
    """
    files = {f"{name}.csv": csv_bytes(table) for name, table in tables.items()}
    files["program.npz"] = npz(program_arrays(failure.program, None, None))
    files["farkas.npz"] = npz(_proofs(failure))
    files["certificate.json"] = json_bytes(
        {
            "verdict": "infeasible",
            "proof": "farkas.npz",
            "conflicts": [len(c.rows) for c in failure.diagnosis.causes.conflicts],
            "every_cause_found": failure.diagnosis.causes.complete,
        }
    )
    possible = [menu for menu in failure.diagnosis.menus if menu.repair is not None]
    if not possible:
        return files
    files["repairs.npz"] = npz(
        {
            "menu": np.array([menu.name for menu in possible], dtype=np.str_),
            "plan": np.array([menu.repair.plan for menu in possible if menu.repair]),
        }
    )
    files[RESOLVED] = resolved_yaml(raw, places)
    for menu in possible:
        moves = menu.repair.moves if menu.repair is not None else {}
        entries = {
            rule: [entry.model_dump(exclude_none=True) for entry in listed]
            for rule, listed in adjustments(failure.program.row_keys, moves).items()
        }
        files[repair_file(menu)] = repair_yaml(raw, menu.name, entries)
    return files


def failed_record(failure: Failure, suspected: Sequence[Finding]) -> dict[str, Any]:
    """Say in ``run.json`` how a run without a plan ended, and what was found."""
    diagnosis = failure.diagnosis
    return {
        "status": "infeasible",
        "exit_code": Infeasible.exit_status,
        "termination": "infeasible",
        "diagnosis": {
            "conflicts": len(diagnosis.causes.conflicts),
            "every_cause_found": diagnosis.causes.complete,
            "protected": list(diagnosis.protected),
            "menus": {menu.name: menu.repair is not None for menu in diagnosis.menus},
            "suspected_units": [finding.message for finding in suspected],
            "suspected_limits": [*suspected_limits(failure)],
        },
    }


def _proofs(failure: Failure) -> Arrays:
    """Farkas vectors of the conflicts as sparse rows, and the first one whole.

    Where projects are chosen a conflict has one for each leaf of a tree that branches on them.
    """
    conflicts = failure.diagnosis.causes.conflicts
    pointer, rows, values = sparse_rows([leaf for c in conflicts for leaf in c.leaves])
    arrays = {"conflict_ptr": pointer, "conflict_row": rows, "conflict_val": values}
    if not failure.program.whole.any():
        return arrays | {"y": conflicts[0].farkas}
    nodes = np.cumsum([0, *(len(c.branch) for c in conflicts)])
    branch = np.array([b for c in conflicts for b in c.branch], dtype=int)
    return arrays | {"tree_ptr": nodes, "node_branch": branch}
