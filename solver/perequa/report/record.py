"""What a run says of itself: ``run.json``."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from perequa import __version__
from perequa.interpret.whole import whole_record
from perequa.words import saying
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.engine.session import SolverOptions
    from perequa.interpret.run import Solved
    from perequa.io.scenario_files import RawScenario
    from perequa.io.yaml_nodes import Origin

UNPROVEN = saying("the whole plan keeps every rule, but is not proven to be the nearest")
LIBRARIES = ("highspy", "pyomo", "numpy", "scipy", "pandas", "pydantic", "pyyaml")


def input_files(raw: RawScenario) -> tuple[dict[str, str], dict[str, bytes]]:
    """Lay every file read into the run folder.

    Returns
    -------
    dict, dict
        Place inside the folder by input key, and content by place.
    """
    places = {key: f"inputs/{key.replace('../', 'up/')}" for key in sorted(raw.files)}
    return places, {places[key]: raw.files[key].content for key in places}


def base_record(
    raw: RawScenario, places: dict[str, str], options: SolverOptions, lang: str
) -> dict[str, Any]:
    """Say what was asked and read, before anything was solved."""
    return {
        "schema_version": 1,
        "perequa": __version__,
        "name": raw.column_name,
        "variants": list(raw.variants),
        "sets": list(raw.sets),
        "lang": lang,
        "scenario": raw.data,
        "origins": {_dotted(path): _origin(o) for path, o in sorted(raw.origins.items(), key=str)},
        "overwritten": [
            {"path": _dotted(o.path), "value": o.value, "origin": _origin(o.origin)}
            for o in raw.overwritten
        ],
        "inputs": places,
        "options": {
            "presolve": options.presolve,
            "seed": options.seed,
            "simplex_strategy": options.strategy,
            "time_limit": options.time_limit,
            "threads": 1,
        },
        "versions": {"python": platform.python_version(), **_versions()},
    }


def solved_record(run: Solved) -> dict[str, Any]:
    """Say what came out of a solved run."""
    program = run.program
    return {
        **ended(run),
        **levels_record(run),
        "sizes": {
            "territories": run.instance.shape[0],
            "measures": run.instance.shape[1],
            "years": run.instance.shape[2],
            "rows": program.matrix.shape[0],
            "columns": program.matrix.shape[1],
            "nonzeros": int(program.matrix.nnz),
            "rule_rows": int(program.is_rule.sum()),
        },
        "tie_break": {
            "toward": _toward(run),
            "method": run.published.method,
            "free_cells": run.published.free_cells,
        },
        "prices": None
        if run.prices is None
        else {
            "sides": len(run.prices.sides),
            "distinct_duals": len(run.prices.duals),
            "programs_solved": run.prices.programs_solved,
        },
        "reference": {
            "unplaced": [dict(u._asdict()) for u in run.reference.unplaced],
            "amounts": list(run.reference.amounts),
            "change_of_hands": None
            if run.change_of_hands is None
            else {"amount": run.change_of_hands[0], "share": run.change_of_hands[1]},
        },
    }


def levels_record(run: Solved) -> dict[str, Any]:
    """Say at which level each territory of a leximin was settled; nothing without one."""
    levels = run.instance.levels
    return {"levels": {n: [*map(list, s)] for n, s in levels.items()}} if levels else {}


def ended(run: Solved) -> dict[str, Any]:
    """Say how a run ended: a whole plan that is not proven to be the nearest is a limit."""
    if run.whole is None:
        return {"status": "optimal", "exit_code": 0, "termination": "optimal"}
    whole = whole_record(run, run.whole)
    if run.whole.proven:
        return {"status": "optimal", "exit_code": 0, "termination": "optimal", "whole": whole}
    code = NotProven.exit_status
    return {"status": "limit", "exit_code": code, "termination": UNPROVEN, "whole": whole}


@cache
def _versions() -> Mapping[str, str]:
    """Version of each library, looked up in the installation once for all scenarios."""
    return MappingProxyType({name: version(name) for name in LIBRARIES})


def _toward(run: Solved) -> object:
    toward = run.instance.scenario.tie_break.toward
    return toward if isinstance(toward, str) else toward.model_dump()


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path)


def _origin(origin: Origin) -> dict[str, object]:
    return {
        "file": origin.file,
        "line": origin.line,
        "column": origin.column,
        "override": origin.override,
    }
