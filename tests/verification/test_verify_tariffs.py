"""The tariff formulas as `verify` recomputes them, against the figures of the circulars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perequa.verification.recompute.model import Model

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "level,code,name,gir1,gir2,gir3,gir4,gir5,gir6,residents,places,pmp,tariff,pharmacy,overseas"
)


def homes(folder: Path, header: str, rows: list[str], derive: dict[str, Any]) -> Model:
    # Saved by a French spreadsheet: semicolons.
    text = "\n".join([header, *rows]).replace(",", ";") + "\n"
    (folder / "territories.csv").write_text(text, encoding="utf-8")
    codes = [row.split(",")[1] for row in rows]
    supply = "territory,measure,base\n" + "".join(f"{code},care,0\n" for code in codes)
    (folder / "supply.csv").write_text(supply, encoding="utf-8")
    scenario = {
        "name": "homes",
        "years": [2004],
        "territories": {"file": "territories.csv", "levels": ["establishment"]},
        "measures": {"care": {"unit": "money"}},
        "supply": {"file": "supply.csv"},
        "derive": derive,
    }
    return Model(scenario, folder, {p.name: p.name for p in folder.iterdir()})


def test_gmp_and_gmps_ceiling(tmp_path: Path) -> None:
    rows = [
        "establishment,a,A,50,0,0,0,0,30,80,80,100,partial,no,no",
        "establishment,b,B,50,0,0,0,0,30,80,80,100,global,oui,yes",
        "establishment,c,C,10,10,10,10,10,10,60,70,0,global,0,0",
    ]
    derive = {"gmp": {"formula": "gmp"}, "top": {"formula": "gmps_ceiling", "year": 2013}}
    model = homes(tmp_path, HEADER, rows, derive)
    assert model.quantity("gmp")[:, 0, 0].tolist() == [651.25, 651.25, 540]
    top = model.quantity("top")[:, 0, 0]
    assert top[0] == pytest.approx(9.75 * (651.25 + 259) * 80)
    # Overseas: 20 % more, rounded to the cent as published.
    assert top[1] == pytest.approx(15.72 * (651.25 + 259) * 80)
    assert top[2] == pytest.approx(12.44 * 540 * 70)


@pytest.mark.parametrize(
    ("tariff", "pharmacy", "expected"),
    [
        ("partial", "no", 455200),
        ("partial", "yes", 537136),
        ("global", "0", 504800),
        ("global", "oui", 595664),
    ],
)
def test_dominic_of_2004(tmp_path: Path, tariff: str, pharmacy: str, expected: float) -> None:
    header = "level,code,name,gmp,gir1,gir2,residents,alzheimer,tariff,pharmacy,given"
    rows = [
        f"establishment,a,A,750,40,0,80,yes,{tariff},{pharmacy},1",
        f"establishment,b,B,700,40,0,80,yes,{tariff},{pharmacy},2",
        f"establishment,c,C,750,39,0,80,yes,{tariff},{pharmacy},3",
        f"establishment,d,D,750,40,0,80,non,{tariff},{pharmacy},4",
    ]
    dominic = {"formula": "dominic_2004", "otherwise": {"column": "given"}}
    model = homes(tmp_path, header, rows, {"dominic": dominic})
    # Where the formula does not reach, the figure stated.
    assert model.quantity("dominic")[:, 0, 0].tolist() == pytest.approx([expected, 2, 3, 4])


def test_occupancy_and_activity(tmp_path: Path) -> None:
    header = "level,code,name,allocation,occupancy,activity,unit_cost"
    rows = [
        "establishment,a,A,1.02,0.91,1200,95",
        "establishment,b,B,0.95,0.88,800,95",
        "establishment,c,C,0.89,0.5,0,95",
        "establishment,d,D,,,,",
    ]
    derive = {
        "of_2018": {"formula": "occupancy_modulation", "year": 2018},
        "of_2024": {"formula": "occupancy_modulation", "year": 2024},
        "norm": {"formula": "activity_cost"},
        "factor_again": {"formula": "activity_cost", "from": {"activity": "of_2018"}},
    }
    model = homes(tmp_path, header, rows, derive)
    figures = {name: model.figures.derived[name][:3, 0, 0].tolist() for name in derive}
    assert figures["of_2018"] == pytest.approx([0.98, 0.99, 1.0])
    assert figures["of_2024"] == pytest.approx([0.98, 0.965, 0.775])
    assert figures["norm"] == [114_000, 76_000, 0]
    assert figures["factor_again"] == pytest.approx([93.1, 94.05, 95])
