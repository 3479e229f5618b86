"""A kind that the format accepts is tested, frozen in a golden, described and documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from perequa.checks import load
from perequa.cli import main
from perequa.pipeline import Success, solve_instance
from perequa_models.catalogue import OBJECTIVE_KINDS, RULE_KINDS
from perequa_models.scenario import Objective, Rule

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs"
KINDS = [("rules", name) for name in RULE_KINDS] + [("objectives", n) for n in OBJECTIVE_KINDS]
HEADINGS = {
    "rules": ["Unit", "What its price means", "Where it comes from", "Options", "Example"],
    "objectives": [
        "Unit",
        "What a price under it means",
        "Where it comes from",
        "Options",
        "Example",
    ],
}
BASE = """
format: 1
name: base
years: [2004]
territories: {file: territories.csv}
decide_at: region
measures:
  home: {cost: 10000}
supply: {file: supply.csv}
indicators:
  rate: {measures: [home], population: pop, per: 100}
objectives:
  usual: {kind: shortfall, indicator: rate, level: region, target: 5.0, priority: 9}
"""
TERRITORIES = """\
level,code,name,parent,pop,dominic,envelope_eur,exception,mechanical_effect,opens
region,1,One,,1000,200000,300000,,0,2006
region,2,Two,,2000,300000,300000,mecanique,50000,
"""
SUPPLY = """\
territory,measure,installed,base,authorised_unfunded,declared_need
region:1,home,10,100000,30,20
region:2,home,60,500000,30,30
"""
TRAINING = """\
region:1,training,0,0,0,90000
region:2,training,0,0,0,90000
"""
"""Rows of a second measure, for the examples that name one."""
PROJECTS = """\
project,territory,measure,places,cost,merit
one,region:1,home,10,100000,3
two,region:1,home,5,40000,2
three,region:1,home,5,40000,1
"""


def page(section: str, kind: str) -> str:
    path = DOCS / section / f"{kind}.md"
    assert path.is_file(), f"docs/{section}/{kind}.md is missing"
    return path.read_text(encoding="utf-8")


def example(section: str, kind: str) -> str:
    found = re.findall(r"^```yaml\n(.*?)^```$", page(section, kind), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"docs/{section}/{kind}.md shows {len(found)} examples"
    return str(found[0])


@pytest.mark.parametrize(("section", "kind"), KINDS)
def test_kind_has_its_test_file(section: str, kind: str) -> None:
    path = TESTS / section / f"test_{kind}.py"
    assert path.is_file(), f"tests/{section}/test_{kind}.py is missing"
    text = path.read_text(encoding="utf-8")
    for needed in ("hand_solved", "check_golden"):
        assert needed in text, f"{path.name} has no test with {needed}"
    assert re.search(r"check_(every_)?price\(", text), f"{path.name} checks no price by solving"


@pytest.mark.parametrize(("section", "kind"), KINDS)
def test_kind_has_its_golden(section: str, kind: str) -> None:
    path = TESTS / "golden" / section / f"{kind}.lp"
    assert path.is_file(), f"tests/golden/{section}/{kind}.lp is missing"
    assert "minimise" in path.read_text(encoding="utf-8")


def test_no_golden_without_its_kind() -> None:
    for section, kinds in (("rules", RULE_KINDS), ("objectives", OBJECTIVE_KINDS)):
        for path in (TESTS / "golden" / section).glob("*.lp"):
            assert any(path.stem.startswith(kind) for kind in kinds), path.name


@pytest.mark.parametrize(("section", "kind"), KINDS)
def test_kind_is_described_in_the_catalogue(section: str, kind: str) -> None:
    entry: Any = RULE_KINDS[kind] if section == "rules" else OBJECTIVE_KINDS[kind]
    assert entry.name == kind
    assert entry.words.endswith(".")
    assert entry.symbol
    assert entry.source
    for formula in (entry.equation, getattr(entry, "linear", "")):
        assert formula.count("{") == formula.count("}")
    assert callable(entry.rows if section == "rules" else entry.write)
    if section == "rules":
        assert entry.unit
        assert entry.price
    else:
        assert entry.linear
        assert callable(entry.unit)
        assert callable(entry.value)


def test_catalogue_and_format_know_the_same_kinds() -> None:
    for union, kinds in ((Rule, RULE_KINDS), (Objective, OBJECTIVE_KINDS)):
        classes = get_args(get_args(union)[0])
        words = {get_args(c.model_fields["kind"].annotation)[0] for c in classes}
        assert words == set(kinds)


@pytest.mark.parametrize(("section", "kind"), KINDS)
def test_kind_has_its_page(section: str, kind: str) -> None:
    text = page(section, kind)
    entry: Any = RULE_KINDS[kind] if section == "rules" else OBJECTIVE_KINDS[kind]
    assert entry.words in text
    assert f"$$\n{entry.equation}\n$$" in text, "the page states the catalogue's equation"
    if section == "objectives":
        assert f"$$\n{entry.linear}\n$$" in text, "the page states the catalogue's linear form"
    flat = " ".join(text.split()).lower()
    assert entry.source.lower() in flat, "the page names the catalogue's source"
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    assert [part.partition("\n")[0] for part in parts[1:]] == HEADINGS[section]
    assert all(part.partition("\n")[2].strip() for part in parts[1:])


def test_no_page_without_its_kind() -> None:
    for section, kinds in (("rules", RULE_KINDS), ("objectives", OBJECTIVE_KINDS)):
        assert {p.stem for p in (DOCS / section).glob("*.md")} - {"index", "README"} == set(kinds)


@pytest.mark.parametrize(("section", "kind"), KINDS)
def test_the_pages_example_is_valid_and_has_a_plan(section: str, kind: str, tmp_path: Path) -> None:
    instance = load(str(written(section, kind, tmp_path)), ()).instance
    spoken: dict[str, Any] = getattr(instance.scenario, section)
    names = [name for name, spec in spoken.items() if spec.kind == kind and name != "usual"]
    assert names, f"the example shows no {kind}"
    result = solve_instance(instance, "page")
    assert isinstance(result, Success)
    if section == "rules":
        rows = {row.key.rule for row in instance.rows}
        assert set(names) <= rows
    else:
        assert set(names) <= set(result.run.program.objective_names)


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_the_pages_example_is_verified(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, run = str(written("rules", kind, tmp_path)), str(tmp_path / "run")
    assert main(["solve", scenario, "-o", run]) == 0
    assert main(["verify", run]) == 0
    capsys.readouterr()
    assert main(["formulation", scenario]) == 0
    assert f"Kind `{kind}`" in capsys.readouterr().out


def written(section: str, kind: str, tmp_path: Path) -> Path:
    """The example of a page as a scenario of its own."""
    files = {
        "base/scenario.yaml": BASE,
        "base/territories.csv": TERRITORIES,
        "base/supply.csv": SUPPLY,
        "page/with_training.csv": SUPPLY + TRAINING,
        "page/projects.csv": PROJECTS,
        "page/scenario.yaml": "format: 1\nname: page\nextends: ../base/scenario.yaml\n"
        + example(section, kind),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "page" / "scenario.yaml"
