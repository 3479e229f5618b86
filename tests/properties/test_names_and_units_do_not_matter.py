from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drawn import QUICK, cases
from hypothesis import given
from hypothesis import strategies as st
from pricing import Case, first_value, places, price_of

from perequa_models.keys import RowKey

PLACE = 1e-6


def renamed(case: Case, names: dict[str, str]) -> Case:
    """The same territories under other codes, which also changes their order."""
    figures = {
        column: {names[code]: value for code, value in reversed(list(values.items()))}
        for column, values in case.figures.items()
    }
    return replace(case, figures=figures)


def reversed_order(value: Any) -> Any:
    """The same mapping with its keys the other way round, all the way down."""
    if isinstance(value, dict):
        return {key: reversed_order(value[key]) for key in reversed(value)}
    return value


@QUICK
@given(cases(), st.randoms(use_true_random=False))
def test_permuting_territories_permutes_the_plan(case: Case, random: Any) -> None:
    codes = list(case.figures["pop"])
    shuffled = list(codes)
    random.shuffle(shuffled)
    names = dict(zip(codes, shuffled, strict=True))
    before, after = case.solved(), renamed(case, names).solved()
    for cell, value in places(before).items():
        code, _, rest = cell.partition("/")
        assert places(after)[f"{names[code]}/{rest}"] == pytest.approx(value, abs=PLACE)
    for key in before.run.program.row_keys:
        if not isinstance(key, RowKey):
            continue
        now = f"{key.level}:{key.territory}"
        other = str(key).replace(f"/{now}/", f"/{names.get(now, now)}/")
        assert price_of(after, other)[:3] == pytest.approx(price_of(before, str(key))[:3], abs=1e-8)


@QUICK
@given(cases())
def test_the_order_of_the_file_does_not_matter(case: Case) -> None:
    swapped = case.with_sections(
        **{k: reversed_order(case.sections[k]) for k in ("rules", "objectives", "measures")}
    )
    swapped = replace(swapped, figures=reversed_order(case.figures))
    assert places(swapped.solved()) == pytest.approx(places(case.solved()), abs=PLACE)


def in_thousands(case: Case) -> Case:
    """The same money counted in thousands of euros."""
    measures = {
        name: measure | {"cost": measure["cost"] / 1000}
        for name, measure in case.sections["measures"].items()
    }
    envelope = case.sections["rules"]["envelope"]
    rules = case.sections["rules"] | {
        "envelope": envelope | {"at_most": envelope["at_most"] / 1000}
    }
    return case.with_sections(measures=measures, rules=rules)


@QUICK
@given(cases())
def test_euros_or_thousands_of_euros_change_nothing(case: Case) -> None:
    euros, thousands = case.solved(), in_thousands(case).solved()
    assert places(thousands) == pytest.approx(places(euros), abs=PLACE)
    assert first_value(thousands) == pytest.approx(first_value(euros), abs=1e-8)
    for key in euros.run.program.row_keys:
        if not isinstance(key, RowKey):
            continue
        size = 1000.0 if key.rule == "envelope" else 1.0
        small, large = price_of(euros, str(key)), price_of(thousands, str(key))
        assert large.more == pytest.approx(size * small.more, rel=1e-6, abs=1e-8)
        assert large.less == pytest.approx(size * small.less, rel=1e-6, abs=1e-8)


@QUICK
@given(cases())
def test_twice_the_country_gets_twice_the_plan(case: Case) -> None:
    # two copies of every territory under one envelope of twice the size: each copy gets the same
    double = {
        column: values | {f"{code}0": value for code, value in values.items()}
        for column, values in case.figures.items()
    }
    envelope = case.sections["rules"]["envelope"]
    twice = replace(case, figures=double).with_rules(
        envelope=envelope | {"at_most": 2 * envelope["at_most"]}
    )
    plan, doubled = places(case.solved()), places(twice.solved())
    for cell, value in plan.items():
        code, _, rest = cell.partition("/")
        assert doubled[cell] == pytest.approx(value, abs=PLACE)
        assert doubled[f"{code}0/{rest}"] == pytest.approx(value, abs=PLACE)
