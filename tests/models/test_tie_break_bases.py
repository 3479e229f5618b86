"""What the plan is spread evenly by, hand-solved for every `toward`."""

from __future__ import annotations

from typing import Any

import pytest
from pricing import Case, places
from small import FIGURES, GAP, small


def plan(toward: Any, **changes: Any) -> dict[str, float]:
    """30 places that close nobody's gap: the tie-break alone decides."""
    case = small({"handed": {"kind": "contingent", "equals": 30}}, {"weight": WEIGHT})
    objectives = {"gap": GAP | {"target": 0.5}}
    return places(
        case.with_sections(objectives=objectives, tie_break={"toward": toward}, **changes).solved()
    )


WEIGHT = {"region:1": 4, "region:2": 1}


@pytest.mark.parametrize(
    ("toward", "first"),
    [
        ("population", 10.0),  # 1 000 against 2 000 people
        ("installed", 30 / 7),  # 10 against 60 places
        ("equal", 15.0),
        ({"column": "weight"}, 24.0),  # 4 against 1
        # 70 places for 3 000 people: region 1 misses 13.33, region 2 has 13.33 too many, counted 1
        ("missing_places", 30 * (40 / 3) / (40 / 3 + 1)),
    ],
)
def test_shares_are_proportional_to_the_basis(toward: Any, first: float) -> None:
    found = plan(toward)
    assert found["region:1/home/2004"] == pytest.approx(first, abs=1e-7)
    assert sum(found.values()) == pytest.approx(30)


def test_dear_places_are_fewer() -> None:
    # Σ c·x²: 10 000·a² + 20 000·b² with a + b = 15 in either region is least at a = 2b
    case = Case(
        sections={
            "measures": {"cheap": {"cost": 10_000}, "dear": {"cost": 20_000}},
            "indicators": {
                "rate": {"measures": ["cheap", "dear"], "population": "pop", "per": 100}
            },
            "rules": {"handed": {"kind": "contingent", "by": "region", "equals": 15}},
            "objectives": {"gap": GAP | {"target": 0.5}},
            "tie_break": {"toward": "equal"},
        },
        figures=FIGURES,
    )
    assert places(case.solved()) == pytest.approx(
        {f"region:{r}/{m}/2004": v for r in (1, 2) for m, v in (("cheap", 10), ("dear", 5))}
    )


def test_a_basis_that_is_not_positive_is_refused() -> None:
    from perequa_models.errors import InvalidScenario  # noqa: PLC0415 - of this test alone

    case = small({}, {"weight": {"region:1": 0, "region:2": 1}})
    with pytest.raises(InvalidScenario, match="above zero"):
        case.with_sections(tie_break={"toward": {"column": "weight"}}).solved()


def test_toward_the_reference_in_money_stays_near_the_reference_in_money() -> None:
    money = Case(
        sections={
            "measures": {"aid": {"unit": "money"}},
            "indicators": {"rate": {"measures": ["aid"], "population": "pop", "per": 1}},
            "rules": {"handed": {"kind": "envelope", "equals": 3_000}},
            "reference": {
                "of": "handed",
                "in": "credits",
                "parts": [{"name": "all", "share": 1.0, "basis": {"column": "weight"}}],
            },
            "objectives": {"gap": GAP | {"target": 0.001}},
            "tie_break": {"toward": "reference"},
        },
        figures={"pop": FIGURES["pop"], "base": FIGURES["installed"], "weight": WEIGHT},
    )
    assert places(money.solved()) == pytest.approx(
        {"region:1/aid/2004": 2_400, "region:2/aid/2004": 600}
    )
