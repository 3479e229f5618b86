"""Rules that no whole selection satisfies: who clashes, what would have to give, and the proof."""

from __future__ import annotations

import csv
import random
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from mixed_projects import write_mixed
from selecting import Selecting, holds_together

from perequa.cli import main
from perequa.engine.least_changes import least_changes
from perequa.interpret.run import Failure
from perequa.pipeline import diagnose_instance
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLASSES = {"money": 0, "many": 1, "few": 2, "some": 3}
"""In the order in which they give way last: envelope, cap in places, cap in projects, floor."""


def drawn(seed: int) -> Selecting:
    """Six projects of 7 to 13 places, of which no whole number comes to what is asked."""
    draw = random.Random(seed)
    rows = [
        {
            "project": f"p{i}",
            "region": draw.choice("123"),
            "places": float(draw.choice([7, 9, 10, 13])),
            "cost": float(draw.choice([300, 400, 500])),
            "merit": 1.0,
            "cofinanced": 0.0,
        }
        for i in range(6)
    ]
    rows[1]["group"] = rows[0]["group"] = "a"
    rows[2]["requires"] = "p3"
    least = draw.choice([24.5, 31.5, 41.0])
    return Selecting(
        rows=tuple(rows),
        rules={
            "money": {"kind": "envelope", "at_most": float(draw.choice([900, 1250, 1700]))},
            "many": {"kind": "cap", "measure": "home", "at_most": least + draw.choice([0.25, 1.0])},
            "few": {"kind": "selection", "by": "region", "at_most": draw.choice([1, 2])},
            "some": {"kind": "floor", "measure": "home", "at_least": least},
        },
        order={},
        sections={},
    )


def passed(case: Selecting) -> Iterator[dict[str, float]]:
    """By how much each selection passes each limit, rows named as ``rule/region``."""
    for z in product((0, 1), repeat=len(case.rows)):
        some = [row for row, take in zip(case.rows, z, strict=True) if take]
        if not holds_together(some, {row["project"] for row in some}):
            continue
        places = sum(row["places"] for row in some)
        over = {
            "money/": sum(row["cost"] for row in some) - case.rules["money"]["at_most"],
            "many/": places - case.rules["many"]["at_most"],
            "some/": case.rules["some"]["at_least"] - places,
        }
        for region in "123":
            count = sum(row["region"] == region for row in some)
            over[f"few/{region}"] = count - case.rules["few"]["at_most"]
        yield {name: max(0.0, by) for name, by in over.items()}


def clash(case: Selecting, rows: set[str]) -> bool:
    return all(any(by > 1e-9 for name, by in over.items() if name in rows) for over in passed(case))


def kept(over: dict[str, float], rows: set[str]) -> bool:
    return all(over[row] <= 1e-9 for row in rows)


def cheapest(case: Selecting, movable: set[str]) -> tuple[float, ...] | None:
    """Least total moved of each class of rules, the last to give way first."""
    found = []
    for over in passed(case):
        if any(by > 1e-9 for name, by in over.items() if name.split("/")[0] not in movable):
            continue
        totals = [0.0] * len(CLASSES)
        for name, by in over.items():
            totals[CLASSES[name.split("/")[0]]] += by
        found.append(tuple(totals))
    return min(found, default=None)


def named(key: Any) -> str:
    assert isinstance(key, RowKey)
    return f"{key.rule}/{key.territory}"


@pytest.mark.parametrize("seed", range(12))
def test_what_clashes_and_what_gives_are_those_of_enumeration(seed: int) -> None:
    case = drawn(seed)
    found = diagnose_instance(case.instance(), "case")
    if found is None:
        assert not clash(case, {*next(passed(case))})
        return
    assert isinstance(found, Failure)
    keys = found.program.row_keys
    for conflict in found.diagnosis.causes.conflicts:
        rows = {named(keys[i]) for i in conflict.rows}
        assert clash(case, rows)
        for fewer in combinations(rows, len(rows) - 1):
            assert not clash(case, {*fewer})
        for i, least in least_changes(found.program, conflict).items():
            alone = {named(keys[i])}
            needed = [o[named(keys[i])] for o in passed(case) if kept(o, rows - alone)]
            assert 0 < least <= min(needed) + 1e-6
    only = {"preference": {*CLASSES}, "envelope_only": {"money"}, "cap_only": {"many"}}
    only |= {"selection_only": {"few"}, "floor_only": {"some"}}
    for menu in found.diagnosis.menus:
        wanted = cheapest(case, only[menu.name])
        if wanted is None:
            assert menu.repair is None
            continue
        assert menu.repair is not None
        totals = [0.0] * len(CLASSES)
        for i, change in menu.repair.moves.items():
            totals[CLASSES[named(keys[i]).split("/")[0]]] += abs(change)
        assert totals == pytest.approx(wanted, abs=1e-4)


def test_some_of_those_drawn_have_no_selection() -> None:
    without = [seed for seed in range(12) if clash(drawn(seed), {*next(passed(drawn(seed)))})]
    assert len(without) >= 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_mixed(tmp_path)


@pytest.fixture
def run(folder: Path) -> Path:
    asked = ["solve", str(folder), "--variant", "impossible", "-o", str(folder / "run")]
    assert main([*asked, "--quiet"]) == 4
    return folder / "run"


def test_the_run_names_the_rules_and_verifies(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (run / "conflicts.csv").open(encoding="utf-8", newline="") as stream:
        assert [line["rule"] for line in csv.DictReader(stream)] == ["exactly", "no_more"]
    capsys.readouterr()
    assert main(["verify", str(run)]) == 0
    assert "no whole projects satisfy 1 conflicts" in capsys.readouterr().out


@pytest.mark.parametrize("repair", ["repair.yaml", "repair-cap_only.yaml"])
def test_a_repaired_scenario_has_a_selection(run: Path, repair: str) -> None:
    """Stocks of 12 and projects of 3, 4, 5, 6 and 7 places: 15 and 16 are, 15.5 to 15.9 are not."""
    asked = ["solve", str(run / repair), "-o", str(run.parent / "mended"), "--quiet"]
    assert main(asked) == 0
    assert main(["verify", str(run.parent / "mended")]) == 0


def test_diagnose_says_the_same(folder: Path, run: Path) -> None:
    there = folder / "diagnosis"
    asked = ["diagnose", str(folder), "--variant", "impossible", "-o", str(there), "--quiet"]
    assert main(asked) == 4
    for name in ("conflicts.csv", "menus.csv", "repairs.csv"):
        assert (there / name).read_bytes() == (run / name).read_bytes()
    assert main(["verify", str(there)]) == 0


def test_a_protected_rule_does_not_move(folder: Path) -> None:
    there = folder / "diagnosis"
    asked = ["diagnose", str(folder), "--variant", "impossible", "--protect", "exactly"]
    assert main([*asked, "-o", str(there), "--quiet"]) == 4
    with (there / "repairs.csv").open(encoding="utf-8", newline="") as stream:
        assert {line["rule"] for line in csv.DictReader(stream)} == {"no_more"}


FORGERIES = {
    "half_a_tree": {"node_branch": lambda a: np.concatenate([a[:-1], a[:1]])},
    "a_column_that_is_no_project": {"node_branch": lambda a: np.where(a > 0, 0, a)},
    "vectors_turned": {"conflict_val": lambda a: -a},
    "vectors_of_nothing": {"conflict_val": lambda a: 0.0 * a},
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_a_proof_that_does_not_hold_is_found(
    tiny: Any, run: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(run / "farkas.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    change = FORGERIES[name]
    np.savez(
        run / "farkas.npz",
        **{key: change[key](array) if key in change else array for key, array in arrays.items()},
    )
    tiny.seal(run)
    assert main(["verify", str(run)]) == 6
    assert "9. infeasible: WRONG" in capsys.readouterr().out


def test_projects_held_out_of_the_program_prove_nothing(
    tiny: Any, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever closes a project in the program has not shown that it could not be taken."""
    with np.load(run / "program.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    arrays["col_upper"] = np.where(
        [str(name).startswith("z/") for name in arrays["col_id"]], 0.0, arrays["col_upper"]
    )
    np.savez(run / "program.npz", **arrays)
    with np.load(run / "farkas.npz") as stored:
        proofs = {key: stored[key] for key in stored.files}
    np.savez(
        run / "farkas.npz",
        **proofs | {"node_branch": np.array([-1]), "tree_ptr": np.array([0, 1])},
    )
    tiny.seal(run)
    assert main(["verify", str(run)]) == 6
    assert "9. infeasible: WRONG" in capsys.readouterr().out
