"""`perequa show`: what a study printed, again, without a solver; and both languages."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from french import WORD, vocabulary, words_of
from studied import DISTANCE, EHPAD

from perequa.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCM = "scm-ssad-1998"
THRIFT = "objectives.thrift={kind: spend, normalise: 24100000}"
LATER = "objectives.thrift={kind: spend, normalise: none, priority: 2}"
GINI = "objectives.equal={kind: gini, indicator: ehpad_rate, level: region, priority: 3}"
TWO = [EHPAD, "--set", DISTANCE]
CALLS = {
    "weights": ["weights", *TWO, "--from", "shortfall=1", "--to", "distance=1"],
    "no-plans": ["weights", *TWO, "--from", "shortfall=1", "--to", "distance=1", "--no-plans"],
    "triangle": ["weights", *TWO, "--set", THRIFT, "--triangle", "shortfall", "distance", "thrift"],
    "limit": ["limit", SCM, "--rule", "unfunded", "--from", "0", "--to", "2", "--no-shares"],
    "limit-one": ["limit", EHPAD, "--rule", "floor", "--territory", "region:24", "--to", "30"],
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
    "implied": ["implied", EHPAD, "--allocation", "reference"],
    "sweep": ["sweep", *TWO, "--samples", "20"],
    "figures": [
        *("sweep", EHPAD, "--vary", "cap_ehpad=0.8..1.2", "--samples", "2", "--indices", "sobol"),
    ],
}
COMPARED = [
    EHPAD,
    f"{EHPAD}@by_territory+idf_inside_14_1",
    f"{EHPAD}@by_department",
    f"{EHPAD}@infeasible_caps",
]
"""A comparison with everything: changes, notes, a reason, prices in other units."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], tuple[Path, str]]:
    """Carry out each study once in each language; its folder and what it printed."""
    place = tmp_path_factory.mktemp("shown")
    printed: dict[tuple[str, str], str] = {}

    def folder(name: str, lang: str) -> tuple[Path, str]:
        at = place / f"{name}-{lang}"
        if (name, lang) not in printed:
            call = ["sensitivity", *CALLS[name]] if name in CALLS else ["compare", *COMPARED]
            done = _run("--quiet", "--lang", lang, *call, "-o", str(at))
            printed[name, lang] = done.stdout
        return at, printed[name, lang]

    return folder


def _run(*call: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "perequa", *call], capture_output=True, text=True, check=False
    )


def shown(capsys: pytest.CaptureFixture[str], *call: str) -> str:
    assert main(["show", *call]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", [*CALLS, "compare"])
def test_the_same_text_again_in_both_languages(
    name: str,
    made: Callable[[str, str], tuple[Path, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    english, printed = made(name, "en")
    assert shown(capsys, str(english)) == printed
    assert len(printed.splitlines()) > 5
    french, told = made(name, "fr")
    assert shown(capsys, str(french), "--lang", "fr") == told
    if name != "compare":  # notes and reasons stay in the language they were written in
        again = shown(capsys, str(english), "--lang", "fr")
        assert again.replace(str(english), "") == told.replace(str(french), "")


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", [*CALLS, "compare"])
def test_nothing_is_left_in_the_other_language(
    name: str, lang: str, made: Callable[[str, str], tuple[Path, str]]
) -> None:
    folder, printed = made(name, lang)
    record = json.loads((folder / "study.json").read_bytes())
    planner = json.dumps(record["scenario"] if "scenario" in record else record["scenarios"])
    names = {w for path in folder.glob("*.csv") for w in _names(path)}
    # what the planner wrote, and identifiers, are of no language
    planner += f" {record['study']}"
    own = set(WORD.findall(f"{planner} {' '.join(names)}".casefold()))
    other = vocabulary()["fr" if lang == "en" else "en"] - own
    assert len(other) > 100
    assert not words_of(printed.replace(str(folder), "")) & other, printed


def _names(path: Path) -> set[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        found = csv.DictReader(stream)
        return {row.get("territory_name") or row.get("largest") or "" for row in found}


def test_shown_without_a_solver(made: Callable[[str, str], tuple[Path, str]]) -> None:
    for name in ("limit", "compare"):
        folder, _ = made(name, "en")
        program = (
            "import sys; from perequa.cli import main; "
            f"code = main(['show', {str(folder)!r}]); "
            "print(sorted({'highspy', 'pyomo'} & set(sys.modules)), code)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[] 0"


def test_the_other_forms(
    made: Callable[[str, str], tuple[Path, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = made("margins", "en")
    table = (folder / "margins.csv").read_text(encoding="utf-8")
    assert shown(capsys, str(folder), "--format", "csv") == table
    document = json.loads(shown(capsys, str(folder), "--format", "json"))
    assert (document["command"], document["study"], document["exit_code"]) == ("show", "margins", 0)
    assert document["within"] == 0.01
    assert len(document["margins"]) == len(table.splitlines()) - 1
    assert document["margins"][0]["territory"] == table.splitlines()[1].split(",")[1]


def test_what_cannot_be_shown(
    tmp_path: Path,
    made: Callable[[str, str], tuple[Path, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["show", str(tmp_path)]) == 3
    assert "not the folder of a study" in capsys.readouterr().err
    folder, _ = made("margins", "en")
    changed = shutil.copytree(folder, tmp_path / "changed")
    with (changed / "margins.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert main(["show", str(changed)]) == 6
    told = capsys.readouterr()
    assert (told.out, "margins.csv" in told.err) == ("", True)


@pytest.mark.parametrize("command", ["solve", "diagnose"])
def test_a_diagnosis_is_shown_as_it_was_printed(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "diagnosis")
    assert main([command, EHPAD, "--variant", "infeasible_caps", "-o", folder]) == 4
    said = capsys.readouterr()
    printed = said.out + said.err
    assert main(["show", folder]) == 0
    assert capsys.readouterr().out.strip() in printed
    assert main(["show", folder, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "infeasible"
    assert {line["rule"] for line in document["conflicts"]} == {"caps", "floor"}
    with (tmp_path / "diagnosis" / "menus.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert main(["show", folder]) == 6
    record = "run.json" if command == "solve" else "study.json"
    (tmp_path / "diagnosis" / record).write_text("{", encoding="utf-8")
    assert main(["show", folder]) == (3 if command == "solve" else 6)
