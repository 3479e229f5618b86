"""Columns left free by the steps: a plan is the only one while none of them moves a decision."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from perequa.verification.stepped import one_plan


def left_free(rows: list[list[float]], columns: list[str]) -> bool:
    """Whether some columns, on rows that hold, leave one plan."""
    matrix = sparse.csr_array(np.array(rows, dtype=np.float64))
    program: Any = SimpleNamespace(
        arrays={"a_data": matrix.data, "a_indices": matrix.indices, "a_indptr": matrix.indptr},
        matrix=SimpleNamespace(rows=len(rows), columns=len(columns)),
        objectives=["tail"],
        col_ids=columns,
        row_ids=[f"rule/{i}" for i in range(len(rows))],
        is_rule=np.ones(len(rows), dtype=np.bool_),
    )
    return one_plan(program, np.arange(len(rows)), np.arange(len(columns)))


X, Y, MOVED = "x/region:1/home/2004", "x/region:2/home/2004", "rule/transferred/-/-/-"
LOW, HIGH = "tail/threshold/-/-/2004", "tail/beyond/region:1/-/2004"


@pytest.mark.parametrize(
    ("rows", "columns", "one"),
    [
        ([[1, 0], [1, 2]], [X, Y], True),
        ([[1, 1]], [X, Y], False),
        # a threshold and what is beyond it rise together, and no decision with them
        ([[1, 0, 0], [0, 1, 1]], [X, LOW, HIGH], True),
        # a decision rises with what measures it, or with another amount of a rule
        ([[1, -1]], [X, LOW], False),
        ([[1, -1, 0], [0, 1, 1]], [X, LOW, HIGH], False),
        ([[1, 0, 0], [0, 1, 1]], [X, MOVED, LOW], False),
        # nothing holds the decision at all
        ([[0, 1, 1]], [X, LOW, HIGH], False),
    ],
)
def test_one_plan_is_left(rows: list[list[float]], columns: list[str], one: bool) -> None:
    assert left_free(rows, columns) is one
