"""Runs in both languages: nothing left in the other one, same figures, verified sentences."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from french import WORD, vocabulary, words_of
from infeasible import Scenario

from perequa.cli import main
from perequa.io.shipped import shipped_names

if TYPE_CHECKING:
    from pathlib import Path

RUNS = {
    **{name: ([name], 0) for name in shipped_names()},
    "infeasible": (["ehpad-2004-rule", "--variant", "infeasible_caps"], 4),
}


class Run(NamedTuple):
    """A run folder and what was printed of it."""

    folder: Path
    printed: str
    verified: str


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str], Run]:
    made = {}
    for name, (arguments, status) in RUNS.items():
        for lang in ("en", "fr"):
            folder = tmp_path_factory.mktemp("runs") / f"{name}-{lang}"
            solved, printed = told(["solve", *arguments, "-o", str(folder)], lang)
            assert solved == status, printed
            verified, verdict = told(["verify", str(folder)], lang)
            assert verified == 0, verdict
            made[name, lang] = Run(folder, printed.replace(str(folder), ""), verdict)
    return made


def told(arguments: list[str], lang: str) -> tuple[int, str]:
    """Exit status of a command and all it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        status = main(["--lang", lang, *arguments])
    return status, printed.getvalue()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def named(folder: Path) -> set[str]:
    """Words that the planner wrote: of no language."""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    scenario = record["scenario"]
    names = [record["name"], *scenario["measures"], *scenario["rules"], *scenario["objectives"]]
    names += scenario.get("indicators", {})
    for table in folder.glob("*.csv"):
        names += [row["territory_name"] for row in rows(table) if row.get("territory_name")]
        names += {row["step"] for row in rows(table) if "step" in row}
    return {w for name in names for w in WORD.findall(name.casefold())}


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", list(RUNS))
def test_nothing_is_left_in_the_other_language(
    runs: dict[tuple[str, str], Run], name: str, lang: str
) -> None:
    run = runs[name, lang]
    other = vocabulary()["fr" if lang == "en" else "en"] - named(run.folder)
    assert len(other) > 100
    texts = [run.printed, run.verified]
    if (run.folder / "shadow_prices.csv").exists():
        texts += [row["statement"] for row in rows(run.folder / "shadow_prices.csv")]
    for text in texts:
        assert not words_of(text) & other, text


@pytest.mark.parametrize("name", list(RUNS))
def test_only_sentences_differ(runs: dict[tuple[str, str], Run], name: str) -> None:
    english, french = runs[name, "en"].folder, runs[name, "fr"].folder
    tables = {path.name for path in english.glob("*.csv")}
    assert tables == {path.name for path in french.glob("*.csv")}
    for table in tables:
        before, after = rows(english / table), rows(french / table)
        said = [
            (r.pop("statement", ""), f.pop("statement", ""))
            for r, f in zip(before, after, strict=True)
        ]
        assert before == after, table
        assert all(one != other for one, other in said if one), table
    records = [json.loads((f / "run.json").read_text(encoding="utf-8")) for f in (english, french)]
    assert [record["lang"] for record in records] == ["en", "fr"]


def test_signs_and_units_stand_above_the_prices(runs: dict[tuple[str, str], Run]) -> None:
    assert (
        "  Effects on shortfall, in places; a decrease is an improvement:\n"
        in runs["ehpad-2004-rule", "en"].printed
    )
    two = re.sub(r"[\u00a0\u202f]", " ", runs["scm-ssad-1998", "fr"].printed)
    for line in (
        "  À la priorité 1, effets sur l'écart entre taux extrêmes (amplitude), en points de taux ;"
        " une baisse est une amélioration :\n",
        "  À la priorité 2, effets sur le manque au taux visé, en places ;"
        " une baisse est une amélioration :\n",
    ):
        assert line in two


@pytest.mark.parametrize(
    ("file", "found", "put", "said"),
    [
        ("shadow_prices.csv", "14,94 places", "14,95 places", "8. phrases : FAUX"),
        ("run.json", '"lang": "fr"', '"lang": "en"', "8. phrases : FAUX"),
        ("run.json", '"lang": "fr"', '"lang": "de"', "8. phrases : FAUX"),
        ("shadow_prices.csv", ",floor,floor,", ",floor,cap,", "6. prix : FAUX"),
        (
            "shadow_prices.csv",
            ",shortfall,shortfall,place",
            ",shortfall,range,place",
            "6. prix : FAUX",
        ),
        (
            "shadow_prices.csv",
            ",shortfall,shortfall,place",
            ",gap,shortfall,place",
            "6. prix : FAUX",
        ),
    ],
)
def test_a_changed_word_is_found(
    runs: dict[tuple[str, str], Run],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    found: str,
    put: str,
    said: str,
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(runs["ehpad-2004-rule", "fr"].folder, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert found in text
    (folder / file).write_text(text.replace(found, put), encoding="utf-8")
    assert main(["--lang", "fr", "verify", str(folder)]) == 6
    told = re.sub(r"[\u00a0\u202f]", " ", capsys.readouterr().out)
    assert said in told
    assert told.splitlines()[-1] == "le calcul est FAUX"


def test_suspected_units_are_told_in_french(tmp_path: Path) -> None:
    floor = {"kind": "floor", "by": "region", "in": "credits", "at_least": 100_000_000}
    envelope = {"kind": "envelope", "at_most": 4_000_000}
    source = Scenario(rules={"floor": floor, "envelope": envelope}, causes=())
    typed = str(source.write(tmp_path / "scenario"))
    status, printed = told(["diagnose", typed, "-o", str(tmp_path / "found")], "fr")
    assert status == 4
    text = re.sub(r"[\u00a0\u202f]", " ", printed.replace(str(tmp_path), ""))
    assert "Une cause. Aucun plan ne respecte toutes ses règles à la fois ;" in text
    assert (
        "les 3 limites de la règle floor : une erreur d'unité à la saisie ? avec 1 000 fois moins,"
        in text
    )
    assert "avec 1 000 fois plus, 4 000 000 000 € ou 1 000 000 fois plus," in text
    assert not words_of(text) & (vocabulary()["en"] - {"clash", "floor", "envelope", "found"})


def test_nothing_to_diagnose(tmp_path: Path) -> None:
    status, printed = told(["diagnose", "ehpad-2004-rule", "-o", str(tmp_path / "run")], "fr")
    assert status == 0
    assert "un plan respecte toutes les règles" in printed
    assert not (tmp_path / "run").exists()


def test_a_redirected_console_in_cp1252_prints_french(
    runs: dict[tuple[str, str], Run], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-m", "perequa", "solve", "dominic-2004", "-o", str(folder)],
        capture_output=True,
        env={**os.environ, "PEREQUA_LANG": "fr", "PYTHONIOENCODING": "cp1252"},
        check=True,
    )
    printed = done.stdout.decode("utf-8").replace("\r\n", "\n").replace(str(folder), "")
    assert "1\u202f157\u202f000\u00a0€\u00a0:" in printed
    # all but the fingerprint, which is that of a run timed again
    assert printed.splitlines()[:-1] == runs["dominic-2004", "fr"].printed.splitlines()[:-1]


class TestTheLanguageOfACommand:
    def line(self, *arguments: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "perequa", *arguments],
            capture_output=True,
            encoding="utf-8",
            env={k: v for k, v in os.environ.items() if k != "PEREQUA_LANG"} | environment,
            check=False,
        )
        return done.stdout + done.stderr

    def test_is_english_whatever_the_machine_speaks(self) -> None:
        assert ": valid (" in self.line("validate", "dominic-2004", LC_ALL="fr_FR.UTF-8", LANG="fr")

    def test_is_that_of_the_variable(self) -> None:
        told = self.line("validate", "dominic-2004", PEREQUA_LANG="fr")
        assert "\u00a0: valide (territoires" in told

    @pytest.mark.parametrize("before", [True, False])
    def test_is_that_of_the_option_first(self, before: bool) -> None:
        command = ["validate", "dominic-2004"]
        option = ["--lang", "en"]
        told = self.line(*(option + command if before else command + option), PEREQUA_LANG="fr")
        assert ": valid (" in told

    def test_unknown_is_refused(self) -> None:
        told = self.line("validate", "dominic-2004", PEREQUA_LANG="de")
        assert "'de' is not one of 'en', 'fr'" in told
