"""The plan that territories report on: its run folder checked, its figures read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.io.read_run import read_record, read_rows
from perequa.reopening import read_again
from perequa.verification.files import check_files, fingerprint, refuse_other_folders
from perequa.verification.folder import RunFolder
from perequa_models.errors import NoPrices, NotInThisVersion, RunFolderWrong

if TYPE_CHECKING:
    from pathlib import Path

    from perequa_models.instance import Floats, Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was planned.

    Attributes
    ----------
    name, fingerprint
        The scenario column of the run, and its fingerprint.
    instance
        The figures it was planned on.
    planned
        Places (or money) newly funded, shape (T, M, Y).
    """

    name: str
    fingerprint: str
    instance: Instance
    planned: Floats


def read_plan(path: Path) -> Plan:
    """Open a run folder; of a cascade, what its parts decided.

    Raises
    ------
    InvalidScenario
        When the path is not a run folder.
    RunFolderWrong
        When a file is not the one the run wrote.
    NoPrices
        When the run found no plan.
    NotInThisVersion
        When the run chose among projects.
    """
    refuse_other_folders(path)
    changed = check_files(path).disagreements
    if changed:
        raise RunFolderWrong(f"{path}: {changed[0]}; `perequa verify` tells all of it")
    record = read_record(path)
    if record["status"] != "optimal":
        raise NoPrices(f"{path}: the run ended {record['status']}: it has no plan to follow up")
    figures = path / "integrated" if "cascade" in record else path
    instance = read_again(RunFolder(figures, read_record(figures)), {}).instance
    if instance.projects:
        # each has a cost and opening months of its own: returns by cell do not say which opened
        what = "follow-up of a run that chose among projects"
        raise NotInThisVersion(
            what,
            "each has a cost and opening months of its own, and a return by cell does not say "
            "which opened: add those that did to next year's supply, and leave them out of its "
            "table of projects",
        )
    return Plan(
        name=str(record["name"]),
        fingerprint=fingerprint(path),
        instance=instance,
        planned=_planned(path, instance),
    )


def plan_files(path: Path) -> dict[str, Path]:
    """What `verify` needs of the run to check a follow-up again, by place in its folder.

    The figures the plan was made on, its decisions, and the manifest that the fingerprint of the
    run is of.
    """
    kept = [path / name for name in ("manifest.json", "run.json", "allocation.csv")]
    kept += [path / "integrated" / "run.json"]
    kept += sorted(file for file in (path / "inputs").rglob("*") if file.is_file())
    return {f"plan/{f.relative_to(path).as_posix()}": f for f in kept if f.is_file()}


def _planned(path: Path, instance: Instance) -> Floats:
    """Read the decisions from ``allocation.csv``, shape (T, M, Y)."""
    if not (path / "allocation.csv").is_file():
        raise RunFolderWrong(f"{path}: allocation.csv is missing")
    header, lines = read_rows((path / "allocation.csv").read_bytes())
    planned = np.zeros(instance.shape)
    territory = {(t.level, t.code): i for i, t in enumerate(instance.territories)}
    level = instance.territories[0].level
    for line in lines:
        row = dict(zip(header, line, strict=True))
        if row["level"] != level:
            continue  # what a step of a cascade handed down, not what the last decided
        t = territory[str(row["level"]), str(row["territory"])]
        m = instance.measures.index(str(row["measure"]))
        y = instance.years.index(int(row["year"] or 0))
        if instance.is_money[m]:
            grown = float(row["installed_after"] or 0.0) - float(row["installed_before"] or 0.0)
            planned[t, m, y] = grown + instance.closed[t, m, y]
        else:
            planned[t, m, y] = float(row["places"] or 0.0)
    return planned
