"""Establishments that do not exist: totals are those published, and they say what they are."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from perequa.cli.group import perequa
from perequa.country import apportioned, read_country
from perequa.synthetic import synthetic_files

KINDS = ("establishments", "all-services")


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def homes(files: dict[str, bytes]) -> list[dict[str, str]]:
    return [r for r in rows(files["territories.csv"]) if r["level"] == "establishment"]


def test_as_many_homes_as_there_are_have_the_published_places() -> None:
    drawn = homes(dict(synthetic_files("establishments", 7_485, seed=3)))
    country = read_country()
    number = Counter(home["parent"] for home in drawn)
    places: Counter[str] = Counter()
    for home in drawn:
        places[home["parent"]] += int(home["places"])
    assert [number[code] for code in country.codes] == country.homes.tolist()
    assert [places[code] for code in country.codes] == country.places.tolist()
    assert sum(places.values()) == 612_470


@pytest.mark.parametrize("seed", [1, 2])
def test_means_are_the_published_ones(seed: int) -> None:
    files = dict(synthetic_files("establishments", 2_000, seed=seed))
    drawn = homes(files)
    places = np.array([int(home["places"]) for home in drawn])
    for column, published in (("gmp", 726.0), ("pmp", 213.0)):
        points = np.array([float(home[column]) for home in drawn])
        assert np.average(points, weights=places) == pytest.approx(published, abs=0.5)
        assert points.std() > 20
    base = sum(float(r["base"]) for r in rows(files["supply.csv"]) if r["measure"] == "care")
    assert base / places.sum() == pytest.approx(12_782, rel=1e-3)
    options = Counter((home["tariff"], home["pharmacy"]) for home in drawn)
    assert options["partial", "no"] / 2_000 == pytest.approx(4_888 / 6_849, abs=0.04)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_bytes_and_another_seed_others(kind: str) -> None:
    first, again, other = (synthetic_files(kind, 300, seed=s) for s in (5, 5, 6))  # type: ignore[arg-type]
    assert first == again
    assert first["supply.csv"] != other["supply.csv"]


@pytest.mark.parametrize("kind", KINDS)
def test_synthetic_shows_wherever_it_goes(kind: str, tmp_path: Path) -> None:
    runner = CliRunner()
    folder, run = tmp_path / "drawn", tmp_path / "run"
    made = runner.invoke(perequa, ["new", str(folder), "--synthetic", kind, "--count", "200"])
    assert made.exit_code == 0, made.output
    assert "synthetic" in (folder / "SOURCES.md").read_text(encoding="utf-8")
    assert all(
        "Synthetic" in r["name"]
        for r in homes({"territories.csv": (folder / "territories.csv").read_bytes()})
    )
    solved = runner.invoke(perequa, ["solve", str(folder), "-o", str(run)])
    assert solved.exit_code == 0, solved.output
    assert "synthetic" in (run / "run.json").read_text(encoding="utf-8")
    with (run / "allocation.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            assert row["scenario"].endswith("-synthetic")
            assert row["territory_name"].startswith("Synthetic")
    verified = runner.invoke(perequa, ["verify", str(run)])
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize(
    "asked",
    [
        ["--count", "300"],
        ["--seed", "2"],
        ["--synthetic", "establishments", "--from", "ssiad-2004"],
        ["--synthetic", "establishments", "--count", "0"],
        ["--synthetic", "hospitals"],
    ],
)
def test_a_question_without_meaning_is_refused(asked: list[str], tmp_path: Path) -> None:
    asked = ["new", str(tmp_path / "drawn"), *asked]
    assert CliRunner().invoke(perequa, asked, standalone_mode=False).exception is not None
    assert not (tmp_path / "drawn").exists()


@pytest.mark.parametrize("total", [0, 1, 7, 100, 999])
def test_shares_add_up_and_differ_by_less_than_one(total: int) -> None:
    weights = np.array([3.0, 0.0, 5.0, 5.0, 0.2])
    shares = apportioned(total, weights)
    assert shares.sum() == total
    assert (np.abs(shares - total * weights / weights.sum()) < 1).all()
    assert shares[1] == 0


@pytest.mark.skipif(
    "PEREQUA_DATA" not in os.environ,
    reason="PEREQUA_DATA does not name a folder with the public statistics",
)
def test_the_departments_are_those_of_the_public_statistics() -> None:
    data = Path(os.environ["PEREQUA_DATA"])
    offer = rows((data / "offre_pa_departement_2020.csv").read_bytes())
    people = {
        r["dep"]: r
        for r in rows((data / "population_departement_age_1990_2023.csv").read_bytes())
        if r["annee"] == "2021"
    }
    country = read_country()
    assert [r["dep"] for r in offer] == list(country.codes)
    assert [int(r["n_ehpad"]) for r in offer] == country.homes.tolist()
    assert [int(r["places_ehpad"]) for r in offer] == country.places.tolist()
    assert [int(r["n_ehpad_heberg_temporaire"]) for r in offer] == country.temporary_homes.tolist()
    assert [int(people[d]["pop_75p"]) for d in country.codes] == country.people[0].tolist()
    young = [int(people[d]["pop_0_19"]) + int(people[d]["pop_20_59"]) for d in country.codes]
    assert young == country.people[1].tolist()
