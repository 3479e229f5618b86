"""docs/scenario.md names every key of the format with its default, and its examples are valid."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from rendered import check_latex, check_markdown

from perequa.checks import load
from perequa.report.mathematics import mathematics
from perequa_models.catalogue import OBJECTIVE_KINDS, RULE_KINDS
from perequa_models.derive import FORMULAS
from perequa_models.objectives.grammar import GapSpec, ObjectiveSpec
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation
from perequa_models.rules.grammar import RuleSpec
from perequa_models.scenario import Objective, Rule, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "scenario.md").read_text(encoding="utf-8")
SCENARIOS = Path(__file__).parents[2] / "scenarios"
TABLE = re.compile(r"^<!-- (\w+): (\w+) -->\n((?:\|.*\n)+)", re.MULTILINE)
BLOCK = re.compile(r"^(?:`([\w.]+)`\n\n)?```(yaml|csv)([^\n]*)\n(.*?)^```$", re.M | re.S)


def classes_of(union: Any) -> tuple[type[BaseModel], ...]:
    return get_args(get_args(union)[0])


def models() -> dict[str, type[BaseModel]]:
    """Every mapping of the format; kinds are left to the grammar they share."""
    found: dict[str, type[BaseModel]] = {"RuleSpec": RuleSpec}
    kinds = {*classes_of(Rule), *classes_of(Objective)}

    def walk(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in kinds:
                if annotation.__name__ in found:
                    return
                found[annotation.__name__] = annotation
            for field in annotation.model_fields.values():
                walk(field.annotation)
        for argument in get_args(annotation):
            walk(argument)

    walk(Scenario)
    walk(RuleSpec)
    return found | {"ObjectiveSpec": ObjectiveSpec, "GapSpec": GapSpec}


def tables(word: str) -> dict[str, list[list[str]]]:
    found = {}
    for kind, name, table in TABLE.findall(PAGE):
        if kind == word:
            assert name not in found, f"{name} has two tables"
            rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()]
            found[name] = [[cell.strip() for cell in row] for row in rows[2:]]
    return found


def keys(model: type[BaseModel], base: type[BaseModel] | None = None) -> dict[str, Any]:
    known = base.model_fields if base is not None else {}
    return {
        field.alias or name: field
        for name, field in model.model_fields.items()
        if name not in known
    }


@pytest.mark.parametrize("name", sorted(models()))
def test_every_key_stands_in_the_page_with_its_default(name: str) -> None:
    model = models()[name]
    stated = tables("schema").get(name)
    assert stated is not None, f"docs/scenario.md has no table for {name}"
    wanted = keys(model, ObjectiveSpec if model is GapSpec else None)
    listed = [row[0].strip("`") for row in stated]
    assert [k for k in listed if not (name == "Scenario" and k == "extends")] == list(wanted)
    for key, _, default, meaning in stated:
        assert meaning, key
        field = wanted.get(key.strip("`"))
        if field is not None:
            assert fits(default, field), f"{name}.{key}: {default}"


def fits(default: str, field: Any) -> bool:
    """Whether the default column says what the schema says; a default in words means none."""
    if field.is_required():
        return default == "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        value = {k: v for k, v in value.model_dump().items() if v is not None}
    if value in (None, (), {}, []):
        return (
            default != "required"
            and not default.startswith("`{")
            and "`" not in default.replace("`decide_at`", "")
        )
    if isinstance(value, dict):
        return bool(yaml.safe_load(default.strip("`")) == value)
    return default == f"`{value if isinstance(value, str) else json.dumps(value)}`"


def test_no_table_speaks_of_what_does_not_exist() -> None:
    assert set(tables("schema")) == set(models())


@pytest.mark.parametrize(
    ("section", "union", "base", "kinds"),
    [
        ("rules", Rule, RuleSpec, RULE_KINDS),
        ("objectives", Objective, GapSpec, OBJECTIVE_KINDS),
    ],
)
def test_every_kind_is_listed_with_the_keys_it_adds(
    section: str, union: Any, base: type[BaseModel], kinds: dict[str, Any]
) -> None:
    rows = tables("kinds")[section]
    assert [row[0] for row in rows] == [f"[`{k}`]({section}/{k}.md)" for k in kinds]
    by_kind = {get_args(c.model_fields["kind"].annotation)[0]: c for c in classes_of(union)}
    for name, row in zip(kinds, rows, strict=True):
        added = keys(by_kind[name], base)
        assert row[1] == ", ".join(f"`{key}`" for key in added), name
        if section == "objectives":
            weighting = OBJECTIVE_KINDS[name].weighting if name != "range" else None
            assert row[2] == (f"`{weighting}`" if weighting else "none")


def test_formulas_and_later_words_are_listed() -> None:
    for name, formula in FORMULAS.items():
        (row,) = re.findall(rf"^\| `{name}` \| (.*?) \|", PAGE, re.MULTILINE)
        named = row.replace("`gir1` … `gir6`", ", ".join(f"`gir{i}`" for i in range(1, 7)))
        found = [
            word for word in re.findall(r"`(\w+)`", named) if word not in ("partial", "global")
        ]
        assert tuple(found) == formula.arguments


def test_links_lead_somewhere() -> None:
    heads = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        if target.startswith("#"):
            assert target[1:] in heads, target
        else:
            assert (Path(__file__).parents[2] / "docs" / target).exists(), target


def blocks() -> Iterator[tuple[str, str, str, str]]:
    for name, kind, info, text in BLOCK.findall(PAGE):
        yield name, kind, info.strip(), text


EXAMPLES = [text for name, kind, info, text in blocks() if kind == "yaml" and not name and not info]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The scenario of the page and its tables; the tables also beside what extends it."""
    for name, _, _, text in blocks():
        if name:
            for where in ("base", "page"):
                (tmp_path / where).mkdir(exist_ok=True)
                (tmp_path / where / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_complete_example_is_valid(folder: Path) -> None:
    loaded = load(str(folder / "base"))
    assert loaded.instance.shape == (4, 2, 2)
    assert not loaded.findings


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_valid_over_the_complete_one(example: str, folder: Path) -> None:
    head = "format: 1\nname: page\nextends: ../base/scenario.yaml\n"
    (folder / "page" / "scenario.yaml").write_text(head + example, encoding="utf-8")
    loaded = load(str(folder / "page"))
    for variant in loaded.raw.data.get("variants") or {}:
        load(str(folder / "page"), [variant])
    reference = reference_allocation(loaded.instance, Problems())
    check_markdown(mathematics(loaded.instance, reference, "page"))
    check_latex(mathematics(loaded.instance, reference, "page", "tex"))


def test_excerpts_are_those_of_shipped_scenarios() -> None:
    found = [(info.split()[1], text) for _, _, info, text in blocks() if info.startswith("excerpt")]
    assert found
    for name, text in found:
        shipped = yaml.safe_load((SCENARIOS / name / "scenario.yaml").read_text(encoding="utf-8"))
        for section, entries in yaml.safe_load(text).items():
            assert entries == shipped[section]
