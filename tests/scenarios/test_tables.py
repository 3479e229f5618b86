"""The tables of the shipped scenarios are those that `make_tables.py` makes, byte for byte."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_tables", Path(__file__).with_name("make_tables.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shipped(names: list[str]) -> dict[str, bytes]:
    return {name: (SCENARIOS / name).read_bytes() for name in names}


def test_synthetic_tables_come_out_of_their_seeds(maker: ModuleType, tmp_path: Path) -> None:
    copy = tmp_path / "scenarios"
    shutil.copytree(SCENARIOS, copy)
    made = maker.synthetic_tables(copy)
    assert {name: text.encode() for name, text in made.items()} == shipped(list(made))


@pytest.mark.skipif(
    "PEREQUA_DATA" not in os.environ,
    reason="PEREQUA_DATA does not name a folder with the public statistics",
)
def test_real_tables_add_up_from_the_public_statistics(maker: ModuleType) -> None:
    made = maker.real_tables(Path(os.environ["PEREQUA_DATA"]))
    assert {name: text.encode() for name, text in made.items()} == shipped(list(made))


def test_every_table_is_made_by_the_script(maker: ModuleType) -> None:
    synthetic = set(maker.synthetic_tables(SCENARIOS))
    real = {
        "campaign-2004/population.csv",
        "campaign-2004/territories.csv",
        "camsp-1998/supply.csv",
        "camsp-1998/territories.csv",
        "cascade-2007/supply.csv",
        "cascade-2007/territories.csv",
        "disability-2025/supply.csv",
        "disability-2025/territories.csv",
        "ehpad-2004-rule/supply.csv",
        "ehpad-2004-rule/territories.csv",
        "ehpad-ageing/observed.csv",
        "ehpad-ageing/supply.csv",
        "ehpad-ageing/territories.csv",
        "ehpad-departments/supply.csv",
        "ehpad-departments/territories.csv",
        "mas-fdt-1998/territories.csv",
        "scm-ssad-1998/territories.csv",
        "specific-difficulties-2020/supply.csv",
        "specific-difficulties-2020/territories.csv",
        "ssiad-2004/population.csv",
        "ssiad-2004/territories.csv",
    }
    found = {str(path.relative_to(SCENARIOS).as_posix()) for path in SCENARIOS.glob("*/*.csv")}
    assert found == synthetic | real


@pytest.mark.parametrize("folder", sorted(p.name for p in SCENARIOS.iterdir() if p.is_dir()))
def test_sources_name_every_column(folder: str) -> None:
    """Every table of a scenario stands in SOURCES.md, and what is drawn is called synthetic."""
    text = (SCENARIOS / folder / "SOURCES.md").read_text(encoding="utf-8")
    keys = {"level", "code", "name", "parent", "territory", "measure", "year"}
    for table in sorted((SCENARIOS / folder).glob("*.csv")):
        lines = [line for line in text.splitlines() if f"`{table.name}`" in line]
        assert lines, f"{table.name} is not in SOURCES.md"
        columns = set(table.read_text(encoding="utf-8").split("\n", 1)[0].split(",")) - keys
        named = set(re.findall(r"`([a-z0-9_]+)`", " ".join(lines)))
        whole = any("all columns" in line for line in lines)
        assert whole or columns <= named, f"{table.name}: {columns - named}"


def test_no_code_stands_among_the_scenarios() -> None:
    assert list(SCENARIOS.rglob("*.py")) == []
