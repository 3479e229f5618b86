"""Compiled programs as readable text, compared with the files in `tests/golden`.

Run the tests with ``PEREQUA_WRITE_GOLDENS=1`` to write the files anew, then read the difference.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perequa.compilation import compile_program
from perequa.ranked_program import with_every_pair
from perequa_models.formulation import formulate
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation

if TYPE_CHECKING:
    from perequa.compilation import CompiledProgram
    from perequa_models.instance import Instance

FOLDER = Path(__file__).parents[1] / "golden"


def compiled(instance: Instance) -> CompiledProgram:
    """The program of an instance."""
    problems = Problems()
    reference = reference_allocation(instance, problems)
    assert not problems.errors, [p.message for p in problems.errors]
    return with_every_pair(compile_program(formulate(instance, reference)))


def as_text(program: CompiledProgram) -> str:
    """Every objective, row and column by its key, figures in shortest form."""
    names = [str(key) for key in program.column_keys]
    lines = []
    for k, name in enumerate(program.objective_names):
        lines.append(f"minimise {name}")
        lines.extend(_sum(program.costs[k], names))
        lines.append(f"    {_number(program.offsets[k])}")
    lines.append("subject to")
    dense = program.matrix.toarray()
    for i, row in enumerate(program.row_keys):
        bounds = _between(program.row_lower[i], program.row_upper[i])
        limit = program.row_limit[i]
        stated = "" if math.isnan(limit) else f"  (limit {_number(limit)})"
        lines.append(f"  {row}: {bounds}{stated}")
        lines.extend(_sum(dense[i], names))
    lines.append("where")
    for j, name in enumerate(names):
        bounds = _between(program.column_lower[j], program.column_upper[j])
        lines.append(f"  {name}: {bounds}")
    return "\n".join(lines) + "\n"


def check_golden(instance: Instance, name: str) -> None:
    """Compare a program with ``tests/golden/<name>.lp``."""
    path = FOLDER / f"{name}.lp"
    text = as_text(compiled(instance))
    if os.environ.get("PEREQUA_WRITE_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.is_file(), f"{path.name} is missing: run once with PEREQUA_WRITE_GOLDENS=1"
    assert text == path.read_text(encoding="utf-8")


def _sum(coefficients: np.ndarray, names: list[str]) -> list[str]:
    return [f"    {_number(coefficients[j])} {names[j]}" for j in np.flatnonzero(coefficients)]


def _between(lower: float, upper: float) -> str:
    if lower == upper:
        return f"= {_number(lower)}"
    low = "" if math.isinf(lower) else f">= {_number(lower)}"
    high = "" if math.isinf(upper) else f"<= {_number(upper)}"
    return " ".join(part for part in (low, high) if part) or "free"


def _number(value: float) -> str:
    """Twelve significant digits: the order of a sum may move the last bits."""
    return f"{value:+.12g}"
