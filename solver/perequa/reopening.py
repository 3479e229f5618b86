"""A saved run opened again: its files checked, its scenario read, its program solved once more."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.checks import check
from perequa.interpret.rules import PRICES
from perequa.io.read_run import read_record, resolved_scenario
from perequa.optimum import DEFAULT_OPTIONS, Optimum, find_optimum
from perequa.ranked_program import with_every_pair
from perequa.verification.files import refuse_changed, refuse_other_folders
from perequa.verification.folder import RunFolder
from perequa_models.errors import NoPrices, RunFolderWrong

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perequa.checks import Loaded
    from perequa.engine.session import SolverOptions

SAME = 1e-6
"""Places (or units of money, relative) within which a plan solved again is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """A run that found a plan, and what solves it again.

    Attributes
    ----------
    folder
        The run folder.
    optimum
        Solved again from the folder's own inputs; its plan is the one published.
    prices
        Lines of ``shadow_prices.csv``, cells as text.
    """

    folder: RunFolder
    optimum: Optimum
    prices: tuple[Mapping[str, str], ...]

    @property
    def name(self) -> str:
        """The scenario column of the run."""
        return str(self.folder.run["name"])


def reopen(path: Path, options: SolverOptions = DEFAULT_OPTIONS) -> Reopened:
    """Open a run folder and solve it again from its own inputs.

    Raises
    ------
    InvalidScenario
        When the path is not a run folder.
    RunFolderWrong
        When a file is not the one the run wrote, or the same inputs give another plan now.
    NoPrices
        When the run found no plan, or no prices were asked of it.
    """
    refuse_other_folders(path)
    refuse_changed(path)
    folder = RunFolder(path, read_record(path))
    if not folder.has("solution.npz"):
        why = f"the run ended {folder.status or 'without a status'}: it has no plan"
        raise NoPrices(
            f"{path}: {why}; `perequa diagnose` says why an infeasible scenario has none"
        )
    if folder.has("projects.csv"):
        raise NoPrices(
            f"{path}: whole projects have no dual prices: ask with --project CODE, and read "
            "one_more.csv for what one more of a limit is worth"
        )
    if not folder.has("shadow_prices.csv"):
        raise NoPrices(f"{path}: the run was solved with --no-prices; solve it again without")
    loaded = read_again(folder, {})
    # what is asked of a run may lie far from its plan
    optimum = find_optimum(
        loaded.instance, str(folder.run["name"]), options=options, pairs=with_every_pair
    )
    if not isinstance(optimum, Optimum):
        raise _other_plan(path)
    # decisions stand first; columns of objectives are as many as the pairs that were needed
    cells = int(np.prod(loaded.instance.shape))
    stored, plan = folder.solution["plan"][:cells], optimum.published.plan[:cells]
    if (
        plan.shape != stored.shape
        or (np.abs(plan - stored) > SAME * np.maximum(1.0, np.abs(stored))).any()
    ):
        raise _other_plan(path)
    table = folder.table("shadow_prices.csv")
    if not set(PRICES) <= set(table.header):
        absent = ", ".join(name for name in PRICES if name not in table.header)
        raise RunFolderWrong(
            f"{path}: shadow_prices.csv has no column {absent}; it was written by another "
            "version: solve the scenario again"
        )
    prices = tuple(dict(zip(table.header, row, strict=True)) for row in table.rows)
    return Reopened(folder=folder, optimum=optimum, prices=prices)


def read_again(folder: RunFolder, changes: Mapping[tuple[str, ...], object]) -> Loaded:
    """Read the scenario of a run from its own inputs, with values set at some paths (None: none).

    Raises
    ------
    InvalidInput
        When it no longer holds together.
    """
    raw = resolved_scenario(folder.path, dict(folder.run))
    data = copy.deepcopy(raw.data)
    for path, value in changes.items():
        entry = data
        for step in path[:-1]:
            entry = entry[step]
        entry[path[-1]] = value
        if value is None:
            del entry[path[-1]]
    return check(replace(raw, data=data))


def _other_plan(path: Path) -> RunFolderWrong:
    return RunFolderWrong(
        f"{path}: its own inputs give another plan now; it was solved by another version: "
        "solve the scenario again"
    )
