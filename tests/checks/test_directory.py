"""Public directories as planners download them: odd encodings, codes that lost their zeros."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from perequa.checks import InvalidInput
from perequa.cli.group import perequa
from perequa.directory import Directory, read_directories

ROWS = (
    ("010002228", "EHPAD L'Ambarroise", "01", "60"),
    ("2A0000170", "Résidence « Lætitia »", "2A", "45"),
    ("970100012", "Maison de l'Océan", "971", ""),
)
FOUND = {
    "010002228": ("EHPAD L'Ambarroise", "01", 60.0),
    "2A0000170": ("Résidence « Lætitia »", "2A", 45.0),
    "970100012": ("Maison de l'Océan", "971", None),
}
STRUCTURES = """\
finess;etalab;93;2020-11-09
structureet;010002228;010000101;A;EHPAD L'AMBARROISE;;;;;;;;004;01;AIN;;;;500;EHPAD;4401;;;;;;1;;;;;
structureet;970100012;970100004;OCEAN;;;;;;;;;101;9A;GUADELOUPE;;;;500;EHPAD;4401;Âgés;;;;;0;Privé;;;;
structureet;010000024;010780054;CH DE FLEYRIAT;;;;;;;;;451;01;AIN;;;;355;CH;1102;Hôpital;;;;;1;;;;;
geolocalisation;010002228;870262.2;6571540.8;1,ATLASANTE;2020-11-09
"""
EQUIPMENT = """\
finess;etalab;94;2020-11-09
equipementsocial;010002228;924;Accueil;11;Héb. complet;711;P.A.;I;50;50;0;0;2020-01-01;;N;60
equipementsocial;010002228;657;Acc. temporaire;11;Héb. complet;711;P.A.;I;4;4;0;0;2020-01-01;;N;4
equipementsocial;010002228;924;Accueil;21;Accueil de jour;436;Alzheimer;I;6;6;0;0;2020-01-01;;O;6
equipementsocial;970100012;924;Accueil;11;Héb. complet;711;P.A.;I;80;80;0;0;2020-01-01;;N;80
"""


def said(found: Directory) -> dict[str, tuple[str, str, float | None]]:
    return {
        code: (one.name, one.department, one.capacity) for code, one in found.establishments.items()
    }


def table(headings: str, separator: str) -> str:
    lines = [headings.replace(",", separator)]
    lines += [separator.join(row) for row in ROWS]
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    "headings",
    ["finess_et,nom,dep,capacite", "N° FINESS ET,Raison sociale,Département,Capacité totale"],
)
def test_any_encoding_and_separator(
    separator: str, encoding: str, headings: str, tmp_path: Path
) -> None:
    path = tmp_path / "annuaire.csv"
    path.write_bytes(table(headings, separator).encode(encoding))
    assert said(read_directories([path])) == FOUND


@pytest.mark.parametrize(
    ("stated", "expected"),
    [("10002228", "010002228"), ('="010002228"', "010002228"), ("01 000 222 8", "010002228"),
     ("2a0000170", "2A0000170")],
)  # fmt: skip
def test_a_code_that_a_spreadsheet_spoilt_is_mended(
    stated: str, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    quoted = stated.replace('"', '""')
    path.write_text(f'finessEt;title;postcode\n"{quoted}";Home;1500\n', encoding="utf-8")
    (one,) = read_directories([path]).establishments.values()
    assert (one.finess, one.department) == (expected, "01")


@pytest.mark.parametrize(
    ("postcode", "department"),
    [("20000", "2A"), ("20169", "2A"), ("20200", "2B"), ("97139", "971"), ("97600", "976"),
     ("1500", "01"), ("75013", "75")],
)  # fmt: skip
def test_a_department_is_read_from_the_post_code(
    postcode: str, department: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"finess;nom;cp\n750000001;Home;{postcode}\n", encoding="utf-8")
    (one,) = read_directories([path]).establishments.values()
    assert one.department == department


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_extraction_of_finess_and_its_equipment(encoding: str, tmp_path: Path) -> None:
    structures, equipment = tmp_path / "etalab-cs1100502.csv", tmp_path / "etalab-cs1100505.csv"
    structures.write_bytes(STRUCTURES.encode(encoding))
    equipment.write_bytes(EQUIPMENT.encode(encoding))
    found = read_directories([structures, equipment], ["500"])
    # what is suppressed does not count; the hospital is of another category
    assert said(found) == {
        "010002228": ("EHPAD L'AMBARROISE", "01", 54.0),
        "970100012": ("OCEAN", "971", 80.0),
    }
    assert found.findings == []
    assert said(read_directories([structures])).keys() == {"010002228", "970100012", "010000024"}


@pytest.mark.parametrize(
    ("row", "code", "received"),
    [
        ("1,00E+07;Home;01;60", "not_a_finess_number", "1,00E+07"),
        ("123;Home;01;60", "not_a_finess_number", "123"),
        ("010002228;Home;01;sixty", "not_a_number", "sixty"),
        ("010002228;Home;01;-3", "not_a_number", "-3"),
        ("010002228;Home;99;60", "unknown_department", "99"),
        ("020000001;Again;02;60", "duplicate_establishment", "020000001"),
    ],
)
def test_a_line_that_cannot_be_understood_is_told(
    row: str, code: str, received: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"finess;nom;dep;capacite\n20000001;First;2;10\n{row}\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_directories([path])
    (told,) = caught.value.findings
    assert (told.code, told.line, told.received) == (code, 3, received)


@pytest.mark.parametrize(
    ("text", "code"),
    [("nom;dep\nHome;01\n", "no_finess_column"), ("finess;nom;dep\n", "no_establishment")],
)
def test_a_file_without_establishments_is_told(text: str, code: str, tmp_path: Path) -> None:
    path, folder = tmp_path / "a.csv", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    asked = ["directory", str(path), "-o", str(folder)]
    ended = CliRunner().invoke(perequa, asked)
    assert isinstance(ended.exception, InvalidInput)
    assert [finding.code for finding in ended.exception.findings] == [code]
    assert not folder.exists()


@pytest.mark.parametrize("text", ["1 234", "1234,0", "1\u202f234", "1234.0"])
def test_figures_are_read_as_french_tools_write_them(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"finess;nom;dep;capacite\n010000001;Home;1;{text}\n", encoding="utf-8")
    (one,) = read_directories([path]).establishments.values()
    assert one.capacity == 1234.0


SCENARIO = """\
format: 1
name: from-a-directory
years: [2021]
territories: {file: territories.csv, levels: [region, department, establishment]}
decide_at: establishment
measures: {ehpad: {cost: 15600}}
supply: {file: supply.csv}
rules: {envelope: {kind: envelope, at_most: 1000000}}
objectives: {spend: {kind: spend, normalise: none}}
"""


@pytest.mark.skipif(
    "PEREQUA_DATA" not in os.environ,
    reason="PEREQUA_DATA does not name a folder with the public statistics",
)
def test_the_directory_of_care_homes_makes_a_scenario(tmp_path: Path) -> None:
    source = Path(os.environ["PEREQUA_DATA"]) / "ehpad_etablissements_2020.csv"
    folder = tmp_path / "homes"
    runner = CliRunner()
    # as a planner has it: through a French spreadsheet, which drops the zeros in front
    with source.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    spoilt = tmp_path / "annuaire.csv"
    with spoilt.open("w", encoding="cp1252", errors="replace", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(rows[0])
        writer.writerows(
            [row[0].lstrip("0"), row[1], row[2].lstrip("0"), *row[3:]] for row in rows[1:]
        )
    for path in (source, spoilt):
        folder = tmp_path / path.stem
        made = runner.invoke(perequa, ["directory", str(path), "-o", str(folder)])
        assert made.exit_code == 0, made.output
    assert (tmp_path / "annuaire" / "supply.csv").read_bytes() == (
        tmp_path / "ehpad_etablissements_2020" / "supply.csv"
    ).read_bytes()
    with (folder / "territories.csv").open(encoding="utf-8", newline="") as stream:
        homes = [r for r in csv.DictReader(stream) if r["level"] == "establishment"]
    with (folder / "supply.csv").open(encoding="utf-8", newline="") as stream:
        places = [float(r["installed"]) for r in csv.DictReader(stream)]
    assert len(homes) == len(places) == 7_485
    assert sum(places) == 612_470
    assert Counter(home["parent"] for home in homes)["01"] == 67
    (folder / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    valid = runner.invoke(perequa, ["validate", str(folder)])
    assert valid.exit_code == 0, valid.output
