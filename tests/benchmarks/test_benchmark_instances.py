"""The benchmark instances are scenarios like any other; a tiny one goes all the way."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from by_pyomo import check_compilation
from click.testing import CliRunner

from perequa.checks import load
from perequa.cli.group import perequa

if TYPE_CHECKING:
    from types import ModuleType

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
KINDS = ("national", "degenerate")


@pytest.fixture(scope="module")
def instances() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "benchmark_instances", BENCHMARKS / "instances.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def write(instances: ModuleType, kind: str, folder: Path, **size: int) -> Path:
    tiny = {"regions": 2, "departments": 4, "measures": 2, "years": 2} | size
    path: Path = instances.write_scenario(kind, folder, instances.Size(**tiny))
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", [None, "two_priorities"])
def test_a_tiny_instance_is_solved_and_verified(
    instances: ModuleType, tmp_path: Path, kind: str, variant: str | None
) -> None:
    scenario = write(instances, kind, tmp_path / "in")
    asked = ["--variant", variant] if variant else []
    runner = CliRunner()
    valid = runner.invoke(perequa, ["validate", str(scenario), *asked])
    assert valid.exit_code == 0, valid.output
    solved = runner.invoke(perequa, ["solve", str(scenario), *asked, "-o", str(tmp_path / "run")])
    assert solved.exit_code == 0, solved.output
    sizes = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["sizes"]
    assert (sizes["territories"], sizes["measures"], sizes["years"]) == (4, 2, 2)
    verified = runner.invoke(perequa, ["verify", str(tmp_path / "run")])
    assert verified.exit_code == 0, verified.output


def test_the_variant_with_many_rows_is_solved_and_verified(
    instances: ModuleType, tmp_path: Path
) -> None:
    """A cap on each of the 16 cells, and 4 that let nothing through: none can be lowered."""
    scenario = write(instances, "degenerate", tmp_path / "in")
    folder = str(tmp_path / "run")
    asked = ["solve", str(scenario), "--variant", "many_rows", "--ranges", "all", "-o", folder]
    solved = CliRunner().invoke(perequa, asked)
    assert solved.exit_code == 0, solved.output
    lines = (tmp_path / "run" / "shadow_prices.csv").read_text(encoding="utf-8").splitlines()
    assert sum(",each_cell," in line for line in lines) == 16
    closed = [line for line in lines if ",not_yet," in line]
    assert len(closed) == 4
    assert all("less is impossible" in line for line in closed)
    assert all(",exact," in line for line in lines[1:])
    verified = CliRunner().invoke(perequa, ["verify", folder])
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize("kind", KINDS)
def test_a_gini_index_of_each_measure_is_solved_and_verified(
    instances: ModuleType, tmp_path: Path, kind: str
) -> None:
    """1 740 pairs of departments, of which the program is given those it needs."""
    size = {"regions": 4, "departments": 30, "measures": 2, "years": 2}
    scenario = write(instances, kind, tmp_path / "in", **size)
    spec = "kind: gini, level: department, years: all"
    sets = [
        *(f"objectives.worst_{name}=null" for name in ("ehpad", "ssiad")),
        f"objectives.gap_ehpad={{{spec}, indicator: ehpad_rate}}",
        f"objectives.gap_ssiad={{{spec}, indicator: ssiad_rate, priority: 2}}",
    ]
    stated = [word for change in sets for word in ("--set", change)]
    folder = tmp_path / "run"
    solved = CliRunner().invoke(perequa, ["solve", str(scenario), *stated, "-o", str(folder)])
    assert solved.exit_code == 0, solved.output
    with np.load(folder / "program.npz") as stored:
        pairs = sum("/gap/department:" in name and "+" in name for name in stored["row_id"])
    assert 0 < pairs < 1740 / 4
    verified = CliRunner().invoke(perequa, ["verify", str(folder)])
    assert verified.exit_code == 0, verified.output
    why = ["explain", str(folder), "--rule", "unfunded"]
    explained = CliRunner().invoke(perequa, why)
    assert explained.exit_code == 0, explained.output


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_instance_compiles_as_by_pyomo(
    instances: ModuleType, tmp_path: Path, kind: str
) -> None:
    size = {"regions": 3, "departments": 9, "measures": 10, "years": 5}
    check_compilation(load(str(write(instances, kind, tmp_path / "in", **size))).instance)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_writes_the_same_bytes(instances: ModuleType, tmp_path: Path, kind: str) -> None:
    first, second = (write(instances, kind, tmp_path / name).parent for name in ("a", "b"))
    names = sorted(p.name for p in first.iterdir())
    assert names == sorted(p.name for p in second.iterdir())
    assert all((first / n).read_bytes() == (second / n).read_bytes() for n in names)


def limits(instance: Any, rule: str) -> dict[tuple[str, int | None], float]:
    rows = [row for row in instance.rows if row.key.rule == rule]
    return {(row.key.territory, row.key.year): row.limit for row in rows}


def test_a_third_of_the_envelopes_pay_for_every_authorised_place(
    instances: ModuleType, tmp_path: Path
) -> None:
    size = {"regions": 3, "departments": 6, "measures": 3, "years": 3}
    instance = load(str(write(instances, "degenerate", tmp_path / "in", **size))).instance
    region = instance.tree.ancestors("department", "region")
    authorised = np.array([row.limit for row in instance.rows if row.key.rule == "unfunded"])
    cost = (authorised.reshape(6, 3) * instance.cost[:, :, 0]).sum(axis=1)
    paid = {}
    for (code, _), limit in limits(instance, "envelope").items():
        paid[code] = paid.get(code, 0.0) + limit
    exact = [
        paid[instance.tree.nodes[int(node)].code] == cost[region == node].sum()
        for node in np.unique(region)
    ]
    assert exact == [True, False, False]
    by_year = {
        year: sum(v for (_, y), v in limits(instance, "envelope").items() if y == year)
        for year in instance.years
    }
    national = {year: limit for (_, year), limit in limits(instance, "national").items()}
    assert [national[y] == by_year[y] for y in instance.years] == [True, False, False]
    assert all(national[y] >= by_year[y] for y in instance.years)


def test_degenerate_figures_are_whole(instances: ModuleType, tmp_path: Path) -> None:
    instance = load(str(write(instances, "degenerate", tmp_path / "in"))).instance
    for values in (instance.installed, instance.cost, [row.limit for row in instance.rows]):
        assert np.array_equal(values, np.round(values))


def test_an_instance_with_prices_of_very_different_units_is_certified(
    instances: ModuleType, tmp_path: Path
) -> None:
    """Seed 0: an envelope's euro has 2e-9 of the price of a place, and holds all the same."""
    scenario = instances.write_scenario("degenerate", tmp_path / "zero", seed=0)
    done = CliRunner().invoke(
        perequa, ["solve", str(scenario), "--no-prices", "-o", str(tmp_path / "run"), "--quiet"]
    )
    assert done.exit_code == 0, done.output
