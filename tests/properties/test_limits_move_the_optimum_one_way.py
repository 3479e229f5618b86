from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from drawn import QUICK, cases
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pricing import Case


@QUICK
@given(cases(), st.sampled_from([1.0, 5_000.0, 400_000.0]))
def test_a_larger_envelope_never_worsens_the_objective(case: Case, more: float) -> None:
    now = case.value()
    assert case.value("envelope", plus=more) <= now + 1e-8
    assert case.value("envelope", plus=more, year=2004) <= now + 1e-8


@QUICK
@given(cases(), st.sampled_from(["cap", "floor"]), st.integers(1, 3))
def test_a_relaxed_rule_never_hurts(case: Case, rule: str, by: int) -> None:
    if rule not in case.sections["rules"]:
        rule = "cap"
    territory = f"region:{by}"
    if rule == "floor":
        by = -min(by, case.sections["rules"]["floor"]["at_least"])
    now = case.value()
    assert case.value(rule, territory=territory, plus=by) <= now + 1e-8
    inactive = case.with_rules(**{rule: case.sections["rules"][rule] | {"active": False}})
    assert inactive.value() <= now + 1e-8


@QUICK
@given(cases())
def test_the_optimum_is_convex_in_a_limit(case: Case) -> None:
    values = [case.value("envelope", plus=by) for by in (0.0, 10_000.0, 20_000.0, 30_000.0)]
    slopes = [b - a for a, b in pairwise(values)]
    assert slopes == pytest.approx(sorted(slopes), abs=1e-8)


@QUICK
@given(cases())
def test_a_later_objective_costs_the_first_nothing(case: Case) -> None:
    alone = dict(case.sections["objectives"])
    alone["second"] = alone["second"] | {"weight": 0}
    assert case.with_sections(objectives=alone).value() == pytest.approx(case.value(), abs=1e-8)
