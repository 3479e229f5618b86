"""Opens a run folder: its record, its arrays, its tables."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.levels import levels_of, with_levels
from perequa.verification.sparse import Floats, Matrix
from perequa.verification.tables import Table, read_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Program:
    """The compiled arrays of ``program.npz``, in natural units (places, currency)."""

    arrays: Arrays

    @cached_property
    def matrix(self) -> Matrix:
        """A, shape (m, n)."""
        return Matrix(
            self.arrays["a_indptr"].astype(np.intp),
            self.arrays["a_indices"].astype(np.intp),
            self.arrays["a_data"].astype(np.float64),
            len(self.arrays["col_id"]),
        )

    @cached_property
    def row_ids(self) -> list[str]:
        """Identifiers of the rows, shape (m,)."""
        return [*map(str, self.arrays["row_id"].tolist())]

    @cached_property
    def col_ids(self) -> list[str]:
        """Identifiers of the columns, shape (n,)."""
        return [*map(str, self.arrays["col_id"].tolist())]

    @cached_property
    def neutral(self) -> Floats:
        """Fixed cost in [1, 2) of each decision that costs anything, 0 elsewhere, shape (n,).

        It comes from the SHA-256 of the decision's territory, measure and year.
        """
        neutral = np.zeros(len(self.col_ids))
        for k in np.flatnonzero(self.arrays["tie_cost"] > 0).tolist():
            kind, _, decided = self.col_ids[k].partition("/")
            if kind == "x":
                digest = hashlib.sha256(decided.replace("/", "|").encode()).digest()
                neutral[k] = 1.0 + int.from_bytes(digest[:6], "big") / 2.0**48
        return neutral

    @cached_property
    def row_at(self) -> dict[str, int]:
        """Position of each row."""
        return {name: i for i, name in enumerate(self.row_ids)}

    @cached_property
    def column_at(self) -> dict[str, int]:
        """Position of each column."""
        return {name: i for i, name in enumerate(self.col_ids)}

    @property
    def lower(self) -> Floats:
        """Least A·x of each row."""
        return self.arrays["row_lower"]

    @property
    def upper(self) -> Floats:
        """Largest A·x of each row."""
        return self.arrays["row_upper"]

    @property
    def least(self) -> Floats:
        """Lower bound of each column."""
        return self.arrays["col_lower"]

    @property
    def most(self) -> Floats:
        """Upper bound of each column."""
        return self.arrays["col_upper"]

    @property
    def limit(self) -> Floats:
        """Limit of each rule row, NaN elsewhere."""
        return self.arrays["row_limit"]

    @property
    def constant(self) -> Floats:
        """Constant of each row's activity."""
        return self.arrays["row_constant"]

    @property
    def is_rule(self) -> NDArray[np.bool_]:
        """Whether each row states a rule."""
        return self.arrays["row_is_rule"].astype(bool)

    @cached_property
    def objectives(self) -> list[str]:
        """Names of the objectives, shape (K,)."""
        return [str(name) for name in self.arrays["objective_name"]]

    @cached_property
    def stage_cost(self) -> Floats:
        """Cost of each priority, shape (P, n)."""
        weights: Floats = self.arrays["stage_weight"]
        cost: Floats = self.arrays["objective_cost"]
        return weights @ cost

    @cached_property
    def stage_offset(self) -> Floats:
        """Constant of each priority's value, shape (P,)."""
        weights: Floats = self.arrays["stage_weight"]
        offset: Floats = self.arrays["objective_offset"]
        return weights @ offset


class HoldsArrays(Protocol):
    """The arrays of a run, in a folder or not written yet."""

    @property
    def program(self) -> Program:
        """The compiled arrays."""

    @property
    def solution(self) -> Arrays:
        """The optima, the plan and their proofs."""


@dataclass(frozen=True)
class RunFolder:
    """A run folder and what it holds, read on demand.

    Attributes
    ----------
    path
        The folder.
    run
        The content of ``run.json``.
    """

    path: Path
    run: Mapping[str, Any]

    @property
    def scenario(self) -> Mapping[str, Any]:
        """The resolved scenario, each leximin laid out in its levels."""
        return with_levels(self.stated, levels_of(self.run))

    @property
    def stated(self) -> Mapping[str, Any]:
        """The resolved scenario as it is written."""
        scenario = self.run.get("scenario")
        if not isinstance(scenario, dict):
            raise Unreadable("run.json", "has no scenario")
        return scenario

    @property
    def inputs(self) -> Mapping[str, str]:
        """Where each table named in the scenario stands inside the folder."""
        inputs = self.run.get("inputs", {})
        if not isinstance(inputs, dict):
            raise Unreadable("run.json", "inputs is not a mapping")
        return inputs

    @property
    def status(self) -> str:
        """How the run ended, as ``run.json`` says."""
        return str(self.run.get("status", ""))

    @property
    def exit_code(self) -> int:
        """Exit status of the run."""
        return int(self.run.get("exit_code", 0))

    def has(self, name: str) -> bool:
        """Whether the folder holds a file."""
        return (self.path / name).is_file()

    def table(self, name: str) -> Table:
        """Read a CSV file of the folder."""
        return read_csv(self.path / name, name)

    @cached_property
    def program(self) -> Program:
        """The compiled arrays.

        Raises
        ------
        Unreadable
            When an array is absent or has not the shape it must have.
        """
        arrays = read_arrays(self.path / "program.npz", PROGRAM)
        program = Program(arrays)
        _check_shapes(arrays)
        return program

    @cached_property
    def solution(self) -> Arrays:
        """The arrays of ``solution.npz``."""
        arrays = read_arrays(self.path / "solution.npz", SOLUTION)
        m, n = self.program.matrix.rows, self.program.matrix.columns
        p = len(self.program.arrays["stage_priority"])
        wanted = {"x": (p, n), "y": (p, m), "lam": (p, p), "plan": (n,)}
        for name, shape in wanted.items():
            if arrays[name].shape != shape:
                raise Unreadable(
                    "solution.npz", f"{name} has shape {arrays[name].shape}, not {shape}"
                )
            if not np.isfinite(arrays[name]).all():
                raise Unreadable("solution.npz", f"{name} holds a value that is not finite")
        return arrays

    def evidence(self, stage: int) -> Arrays:
        """Read the proofs of the prices at one priority, ``evidence.npz`` for the first."""
        return read_arrays(self.path / evidence_file(stage), EVIDENCE)


def evidence_file(stage: int) -> str:
    """Name of the file that holds the proofs of one priority."""
    return "evidence.npz" if stage == 0 else f"evidence_{stage + 1}.npz"


PROGRAM = (
    *("a_data", "a_indices", "a_indptr", "row_id", "row_is_rule", "row_lower", "row_upper"),
    *("row_constant", "row_limit", "col_id", "col_lower", "col_upper"),
    *("objective_name", "objective_cost", "objective_offset", "stage_priority", "stage_weight"),
    *("tie_square", "tie_linear"),
)
SOLUTION = ("x", "y", "lam", "plan", "tie_method")
EVIDENCE = (
    *("row", "side", "price", "T", "dual", "end_dual", "ray", "chord_ptr", "chord_col"),
    *("chord_val", "dual_ptr", "dual_row", "dual_val", "ray_ptr", "ray_row", "ray_val"),
)
"""Arrays that each file must hold; others may stand beside them."""


def read_arrays(path: Path, names: Sequence[str]) -> Arrays:
    """Read the arrays of an ``.npz`` file, nothing executed.

    Raises
    ------
    Unreadable
        When the file is absent or broken, or lacks an array of `names`.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise Unreadable(path.name, "is missing") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise Unreadable(path.name, f"cannot be read: {error}") from None
    absent = [name for name in names if name not in arrays]
    if absent:
        raise Unreadable(path.name, f"lacks {', '.join(absent)}")
    return arrays


def read_record(path: Path) -> Mapping[str, Any]:
    """Read ``run.json``, or another record of the folder.

    Raises
    ------
    Unreadable
        When it is no JSON mapping.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Unreadable(path.name, f"cannot be read: {error}") from None
    if not isinstance(record, dict):
        raise Unreadable(path.name, "is not a mapping")
    return record


def _check_shapes(arrays: Arrays) -> None:
    m, n = len(arrays["row_id"]), len(arrays["col_id"])
    k, p = len(arrays["objective_name"]), len(arrays["stage_priority"])
    nnz = len(arrays["a_data"])
    wanted: dict[str, tuple[int, ...]] = {
        "a_indptr": (m + 1,),
        "a_indices": (nnz,),
        "objective_cost": (k, n),
        "objective_offset": (k,),
        "stage_weight": (p, k),
    }
    wanted |= dict.fromkeys(
        ("row_is_rule", "row_lower", "row_upper", "row_constant", "row_limit"), (m,)
    )
    wanted |= dict.fromkeys(("col_lower", "col_upper", "tie_square", "tie_linear"), (n,))
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            raise Unreadable("program.npz", f"{name} has shape {arrays[name].shape}, not {shape}")
    pointer, index = arrays["a_indptr"], arrays["a_indices"]
    if pointer[0] != 0 or pointer[-1] != nnz or (np.diff(pointer) < 0).any():
        raise Unreadable("program.npz", "a_indptr does not delimit the rows")
    if nnz and (index.min() < 0 or index.max() >= n):
        raise Unreadable("program.npz", "a_indices points outside the columns")
    for name in ("a_data", "objective_cost", "objective_offset", "stage_weight", "row_constant"):
        if not np.isfinite(arrays[name]).all():
            raise Unreadable("program.npz", f"{name} holds a value that is not finite")
