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
