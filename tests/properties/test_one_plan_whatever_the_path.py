from __future__ import annotations

import numpy as np
import pytest
from drawn import QUICK, cases
from hypothesis import given
from pricing import Case, places

from perequa.engine.session import DUAL, PRIMAL, SolverOptions
from perequa.interpret.rules import prices_table
from perequa.pipeline import Success, solve_instance
from perequa.words import words_in

PATHS = [
    SolverOptions(),
    SolverOptions(presolve=False),
    SolverOptions(seed=1),
    SolverOptions(strategy=PRIMAL),
    SolverOptions(presolve=False, seed=1, strategy=PRIMAL),
    SolverOptions(presolve=False, seed=2, strategy=DUAL),
]


def solved(case: Case, options: SolverOptions) -> Success:
    result = solve_instance(case.instance(), "case", options=options)
    assert isinstance(result, Success)
    return result


def check_same(case: Case, method: str) -> None:
    first, *others = [solved(case, options) for options in PATHS]
    assert first.run.published.method == method
    for other in others:
        assert other.run.published.method == method
        assert places(other) == pytest.approx(places(first), abs=1e-6)


@QUICK
@given(cases())
def test_same_table_by_the_exact_tie_break(case: Case) -> None:
    check_same(case, "exact")


@QUICK
@given(cases(method="stepped"))
def test_same_table_by_the_stepped_tie_break(case: Case) -> None:
    check_same(case, "stepped")


@QUICK
@given(cases())
def test_same_prices(case: Case) -> None:
    first, *others = [solved(case, options) for options in PATHS]
    for other in others:
        for name in ("effect_of_one_more", "effect_of_one_less"):
            columns = [prices_table(run.run, words_in("en")).column(name) for run in (first, other)]
            before, after = (
                np.array([np.nan if v is None else v for v in column], dtype=float)
                for column in columns
            )
            assert after == pytest.approx(before, abs=1e-8, nan_ok=True)
