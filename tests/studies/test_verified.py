"""`verify` on a study folder: a sample proven without a solver, and every forgery found."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from studied import DISTANCE, EHPAD

from perequa.cli import main
from perequa.studies.evidence import sampled
from perequa.verification.studies.proofs import sampled as sampled_again
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perequa.verification.verdict import Verdict

SCM = "scm-ssad-1998"
FILES, INPUTS, PLAN, OPTIMUM, STUDY = 1, 2, 3, 4, 11
THRIFT = "objectives.thrift={kind: spend, normalise: 24100000}"
LATER = "objectives.thrift={kind: spend, normalise: none, priority: 2}"
GINI = "objectives.equal={kind: gini, indicator: ehpad_rate, level: region, priority: 3}"
RANGE = "objectives.distance={kind: distance_to_reference, level: region, normalise: range}"
ENDS = ["--from", "shortfall=1", "--to", "distance=1"]
THREE = ["--triangle", "shortfall", "distance", "thrift"]
CALLS = {
    "weights": ["weights", EHPAD, "--set", DISTANCE, *ENDS],
    "weights-range": ["weights", EHPAD, "--set", RANGE, *ENDS],
    "weights-later": ["weights", EHPAD, "--set", DISTANCE, "--set", LATER, *ENDS],
    "weights-second": [
        *("weights", EHPAD, "--set", DISTANCE, "--set", THRIFT),
        *("--set", "objectives.shortfall.priority=1", "--set", "objectives.distance.priority=2"),
        *("--set", "objectives.thrift.priority=2", "--from", "distance=1", "--to", "thrift=1"),
    ],
    "weights-no-plans": ["weights", EHPAD, "--set", DISTANCE, *ENDS, "--no-plans"],
    "triangle": ["weights", EHPAD, "--set", DISTANCE, "--set", THRIFT, *THREE],
    "limit": ["limit", SCM, "--rule", "unfunded", "--from", "0", "--to", "2"],
    "limit-one": ["limit", EHPAD, "--rule", "floor", "--territory", "region:24", "--to", "30"],
    "limit-no-shares": ["limit", SCM, "--rule", "unfunded", "--to", "2", "--no-shares"],
    "frontier": [
        "frontier",
        EHPAD,
        "--set",
        LATER,
        "--set",
        GINI,
        "--objectives",
        "thrift",
        "equal",
    ],
    "margins": ["margins", SCM, "--within", "1%"],
    "margins-none": ["margins", SCM, "--within", "0%"],
    "margins-years": ["margins", "ssiad-2004", "--within", "2%", "--by-year"],
    "implied": ["implied", EHPAD, "--allocation", "reference"],
    "implied-two": ["implied", EHPAD, "--set", DISTANCE, "--allocation", "made.csv"],
    "implied-later": ["implied", SCM, "--allocation", "reference", "--priority", "2"],
    "sweep": ["sweep", EHPAD, "--set", DISTANCE, "--samples", "40"],
    "sweep-years": ["sweep", "ssiad-2004", "--samples", "12", "--unique"],
    "sweep-figures": ["sweep", EHPAD, "--vary", "cap_ehpad=0.8..1.2", "--samples", "8"],
    "sweep-reference": [
        *("sweep", EHPAD, "--set", DISTANCE, "--samples", "9", "--against", "reference"),
    ],
}
"""A call of every study, in its different forms."""
MADE = "territory,places\n" + "".join(
    f"{code},{places}\n"
    for code, places in [("11", 900), ("93", 700), ("76", 500), ("84", 300), ("24", 100)]
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Carry out each study once."""
    place = tmp_path_factory.mktemp("studies")
    (place / "made.csv").write_text(MADE, encoding="utf-8")

    def folder(name: str) -> Path:
        if not (place / name).exists():
            call = [str(place / word) if word == "made.csv" else word for word in CALLS[name]]
            assert main(["--quiet", "sensitivity", *call, "-o", str(place / name)]) == 0
        return place / name

    return folder


def seal(folder: Path) -> None:
    """Make the manifest anew, as a forger would."""
    manifest = folder / "manifest.json"
    listed = sorted(p for p in folder.rglob("*") if p.is_file() and p != manifest)
    hashes = {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in listed
    }
    manifest.write_text(json.dumps({"files": hashes}), encoding="utf-8")


def change_cell(path: Path, line: int, column: str, change: Callable[[str], str]) -> None:
    """Change one cell of a table."""
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    at = rows[0].index(column)
    rows[line][at] = change(rows[line][at])
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def wrong(verdict: Verdict) -> set[int]:
    return {check.number for check in verdict.checks if check.verdict == "wrong"}


@pytest.mark.parametrize("name", list(CALLS))
def test_an_honest_study_holds(name: str, folders: Callable[[str], Path]) -> None:
    verdict = verify_run(folders(name))
    told = [(c.number, c.what, [str(d) for d in c.disagreements[:3]]) for c in verdict.checks]
    assert verdict.holds, told
    skipped = {c.number for c in verdict.checks if c.verdict == "not_applicable"}
    expected = {
        "weights-no-plans": {PLAN},
        "limit-no-shares": {PLAN},
        "sweep-figures": {OPTIMUM},
    }
    assert skipped == expected.get(name, set())


def by(factor: float) -> Callable[[str], str]:
    return lambda cell: repr(float(cell) * factor)


def plus(more: float) -> Callable[[str], str]:
    return lambda cell: repr(float(cell) + more)


FORGED: list[tuple[str, str, int, str, Callable[[str], str], int]] = [
    ("weights", "breakpoints.csv", 2, "shortfall", by(1.000001), PLAN),
    ("weights", "breakpoints.csv", 2, "to", by(1.0001), STUDY),
    ("weights", "plans.csv", 1, "places", plus(0.001), PLAN),
    ("weights", "plans.csv", 1, "credits", plus(1.0), PLAN),
    ("weights", "gains.csv", 1, "places", plus(0.001), PLAN),
    ("weights-second", "plans.csv", 1, "places", plus(0.001), PLAN),
    ("weights-no-plans", "breakpoints.csv", 1, "distance", by(0.999), OPTIMUM),
    ("triangle", "triangle.csv", 1, "area", plus(1e-6), STUDY),
    ("triangle", "triangle.csv", 2, "thrift", by(0.99999), PLAN),
    ("triangle", "corners.csv", 2, "distance", plus(1e-4), STUDY),
    ("limit", "curve.csv", 4, "value", by(0.99999), PLAN),
    ("limit", "curve.csv", 3, "slope_above", by(0.9999), STUDY),
    ("limit", "curve.csv", 3, "limit", by(1.0001), STUDY),
    ("limit", "shares.csv", 60, "places", plus(0.01), PLAN),
    ("limit-one", "curve.csv", 2, "slope_above_per_unit", by(1.001), STUDY),
    ("limit-no-shares", "curve.csv", 3, "value", by(0.99999), OPTIMUM),
    ("frontier", "frontier.csv", 3, "thrift", by(0.99999), PLAN),
    ("frontier", "frontier.csv", 3, "exchange_rate_above", by(1.001), STUDY),
    ("frontier", "frontier.csv", 3, "price_of_equity_below", by(1.001), STUDY),
    ("margins", "margins.csv", 1, "least", by(0.99), OPTIMUM),
    ("margins", "margins.csv", 1, "most", by(1.0001), OPTIMUM),
    ("margins", "margins.csv", 5, "planned", by(1.0001), PLAN),
    ("margins-none", "margins.csv", 1, "most", by(1.001), OPTIMUM),
    ("implied", "implied.csv", 1, "distance", by(0.99), OPTIMUM),
    ("implied", "implied.csv", 1, "value", by(1.0001), PLAN),
    ("implied", "violations.csv", 1, "violation", by(0.5), PLAN),
    ("implied", "violations.csv", 1, "kind", lambda _: "envelope", PLAN),
    ("implied", "violations.csv", 1, "territory_name", lambda _: "Elsewhere", PLAN),
    ("implied-two", "implied.csv", 1, "weight", plus(1e-3), STUDY),
    ("implied-later", "implied.csv", 1, "distance", by(1.001), OPTIMUM),
    ("sweep", "acceptability.csv", 1, "gains", plus(0.025), STUDY),
    ("sweep", "indices.csv", 1, "first_order", plus(-0.001), STUDY),
    ("sweep-figures", "indices.csv", 1, "first_order", lambda _: "0.5", STUDY),
    ("sweep", "indices.csv", 2, "first_order", lambda _: "", STUDY),
    ("sweep", "acceptability.csv", 1, "most_change", plus(0.1), STUDY),
    ("sweep-figures", "acceptability.csv", 1, "mean_change", plus(1.0), STUDY),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "file", "line", "column", "change", "check"),
    FORGED,
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_forged_figure_is_found(
    name: str,
    file: str,
    line: int,
    column: str,
    change: Callable[[str], str],
    check: int,
    folders: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    forged = shutil.copytree(folders(name), tmp_path / "forged")
    change_cell(forged / file, line, column, change)
    assert FILES in wrong(verify_run(forged))
    seal(forged)
    verdict = verify_run(forged)
    assert not verdict.holds
    assert FILES not in wrong(verdict)
    assert check in wrong(verdict)


def test_another_name_of_the_limits_moved_is_found(
    folders: Callable[[str], Path], tmp_path: Path
) -> None:
    forged = shutil.copytree(folders("limit-one"), tmp_path / "forged")
    record = json.loads((forged / "study.json").read_text(encoding="utf-8"))
    assert record["named"]["territory_name"]
    record["named"]["territory_name"] = "Elsewhere"
    (forged / "study.json").write_text(json.dumps(record), encoding="utf-8")
    seal(forged)
    assert OPTIMUM in wrong(verify_run(forged))


@pytest.mark.parametrize(
    "name", ["weights", "triangle", "limit", "frontier", "margins", "implied", "sweep"]
)
def test_multipliers_that_prove_less_are_found(
    name: str, folders: Callable[[str], Path], tmp_path: Path
) -> None:
    forged = shutil.copytree(folders(name), tmp_path / "forged")
    with np.load(forged / "evidence.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    # smaller ones; every one given to the last question, which leaves the others without
    forgeries = {"dual_val": 0.999 * arrays["dual_val"]}
    if len(arrays["asked"]) > 2:
        forgeries["question"] = np.full_like(arrays["question"], len(arrays["asked"]) - 1)
    for key, value in forgeries.items():
        changed = arrays | {key: value}
        np.savez(forged / "evidence.npz", **changed)
        seal(forged)
        assert OPTIMUM in wrong(verify_run(forged)), key


@pytest.mark.parametrize("name", ["weights", "margins", "implied"])
def test_inputs_that_were_changed_are_found(
    name: str, folders: Callable[[str], Path], tmp_path: Path
) -> None:
    forged = shutil.copytree(folders(name), tmp_path / "forged")
    [territories] = (forged / "inputs").glob("territories*.csv")
    change_cell(territories, -1, "pop_75p", by(1.01))
    seal(forged)
    assert INPUTS in wrong(verify_run(forged))


def test_a_worse_plan_in_every_table_is_found(
    folders: Callable[[str], Path], tmp_path: Path
) -> None:
    """A forger who recomputes values as well cannot prove them."""
    forged = shutil.copytree(folders("weights-no-plans"), tmp_path / "forged")
    rows = list(csv.reader((forged / "breakpoints.csv").read_text(encoding="utf-8").splitlines()))
    # the plan between is left out: its neighbours meet elsewhere
    columns = {name: i for i, name in enumerate(rows[0])}
    first, _, last = rows[1], rows[2], rows[3]
    initial = json.loads((forged / "study.json").read_bytes())["sizes"]
    value = [
        {n: float(row[columns[n]]) / initial[n] for n in ("shortfall", "distance")}
        for row in (first, last)
    ]
    lost = value[1]["shortfall"] - value[0]["shortfall"]
    gained = value[0]["distance"] - value[1]["distance"]
    first[1] = last[0] = repr(lost / (lost + gained))
    last[2] = "2"
    with (forged / "breakpoints.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([rows[0], first, last])
    seal(forged)
    verdict = verify_run(forged)
    assert STUDY not in wrong(verdict), "the tables agree with one another"
    assert OPTIMUM in wrong(verdict)


def test_both_sides_sample_alike() -> None:
    for count in range(1, 400):
        for most in (1, 12, 24):
            chosen = sampled(count, most)
            assert chosen == sampled_again(count, most)
            assert len(chosen) == min(count, most)
            assert most == 1 or {chosen[0], chosen[-1]} == {0, count - 1}


def test_a_study_is_verified_without_a_solver(folders: Callable[[str], Path]) -> None:
    program = (
        "import sys; from perequa.cli import main; "
        f"code = main(['verify', {str(folders('limit'))!r}]); "
        "print(sorted({'highspy', 'pyomo'} & set(sys.modules)), code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_a_comparison_adds_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "compared"
    sides = [EHPAD, f"{EHPAD}@by_territory+idf_inside_14_1", f"{EHPAD}@infeasible_caps"]
    assert main(["--quiet", "compare", *sides, "-o", str(folder)]) == 4
    capsys.readouterr()
    assert verify_run(folder).holds
    for file, line, column in (
        ("shares.csv", 60, "value"),
        ("attribution.csv", 3, "contribution"),
        ("attribution.csv", 3, "total"),
        ("winners.csv", 4, "difference"),
        ("bands.csv", 2, "territories"),
        ("equity.csv", 20, "first"),
    ):
        forged = shutil.copytree(folder, tmp_path / "forged")
        change_cell(forged / file, line, column, plus(1.0))
        seal(forged)
        assert STUDY in wrong(verify_run(forged)), (file, column)
        shutil.rmtree(forged)


def test_a_folder_without_its_manifest(folders: Callable[[str], Path], tmp_path: Path) -> None:
    forged = shutil.copytree(folders("weights"), tmp_path / "forged")
    (forged / "manifest.json").unlink()
    assert main(["verify", str(forged)]) in {3, 6}
