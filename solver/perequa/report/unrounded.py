"""The files of a run that found a plan, but none in whole places: what is known, and no proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.report.arrays import npz, program_arrays
from perequa.report.record import levels_record
from perequa.report.texts import csv_bytes, json_bytes
from perequa_models.errors import NoWholePlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.run import Solved
    from perequa.interpret.tables import Table
    from perequa_models.instance import Floats

WHY = "that no plan in whole places satisfies every rule is the integer solver's word"


def unrounded_files(
    run: Solved, whole: Floats | None, tables: Mapping[str, Table]
) -> dict[str, bytes]:
    """Tables and plans of a run without a whole plan, by path inside its folder.

    Parameters
    ----------
    run
        The continuous plan.
    whole
        (n,) the whole plan that passes the rules least; None where none was found in time.
    tables
        As `perequa.interpret.repairs.passed_tables` gives them.
    """
    files = {f"{name}.csv": csv_bytes(table) for name, table in tables.items()}
    files["program.npz"] = npz(program_arrays(run.program, None, None))
    found = np.zeros(0) if whole is None else whole
    files["unrounded.npz"] = npz({"plan": run.published.plan, "whole": found})
    files["certificate.json"] = json_bytes({"verdict": "unproven", "proof": None, "why": WHY})
    return files


def unrounded_record(run: Solved, why: str) -> dict[str, Any]:
    """Say in ``run.json`` how a run without a whole plan ended; `why` in English."""
    return {
        **levels_record(run),
        "status": "infeasible",
        "exit_code": NoWholePlan.exit_status,
        "termination": why,
        "diagnosis": {
            "conflicts": 0,
            "every_cause_found": False,
            "protected": [],
            "menus": {},
            "suspected_units": [],
            "suspected_limits": [],
            "proven": False,
        },
    }
