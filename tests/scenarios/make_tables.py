"""Makes the tables of the shipped scenarios.

    python tests/scenarios/make_tables.py SCENARIOS [--data DIR]

Real figures (places, populations) are aggregated from the public statistics of the folder DIR;
synthetic ones are drawn from a seed and need no data: they read the real tables that stand in the
scenario already. Each scenario's SOURCES.md says which column is which.
Python's own `random` is used: its sequences are the same on every machine and version.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
from pathlib import Path

from perequa_models.tariffs import dominic_2004, dominic_2004_applies, gmp, gmps_ceiling

Rows = list[dict[str, str]]

ENVELOPES_2007 = "enveloppes_cnsa_2007_departements_partiel.csv"
ENVELOPES_2020 = "drl_addictologie_precarite_2020_regions.csv"
ENVELOPES_2025 = "drl_cnsa_2025_regions.csv"

OVERSEAS = ("01", "02", "03", "04")
"""Guadeloupe, Martinique, Guyane, La Réunion (no figures for Mayotte before 2014)."""


WITHOUT_CAMSP = frozenset(
    {
        *("01", "10", "12", "15", "17", "19", "25", "31", "32", "39", "41"),
        *("48", "52", "53", "55", "56", "57", "65", "66", "79", "82", "88"),
    }
)
"""Departments without any CAMSP, circular DAS/RV 2 no. 98-199, annexe I, I."""


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def written(columns: list[str], rows: list[list[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


# Real figures ------------------------------------------------------------------------------------


def real_tables(data: Path) -> dict[str, str]:
    """Aggregate the public statistics into the tables the scenarios ship."""
    departments = read(data / "departements_regions.csv")
    ages = read(data / "population_departement_age_1990_2023.csv")
    offer = {row["dep"]: row for row in read(data / "offre_pa_departement_2020.csv")}
    population = {(row["dep"], row["annee"]): int(row["pop_75p"]) for row in ages}
    old = old_regions(departments, population)
    return {
        "ehpad-2004-rule/territories.csv": ehpad_territories(departments, population),
        "ehpad-2004-rule/supply.csv": ehpad_supply(departments, offer),
        "ssiad-2004/territories.csv": written(
            ["level", "code", "name", "parent"],
            [["region", code, name, ""] for code, name, _ in old],
        ),
        "ssiad-2004/population.csv": written(
            ["territory", "year", "pop_75p"],
            [[code, year, people[year]] for code, _, people in old for year in (2004, 2005)],
        ),
        "campaign-2004/territories.csv": written(
            ["level", "code", "name", "parent"],
            [["region", code, name, ""] for code, name, _ in old],
        ),
        "campaign-2004/population.csv": written(
            ["territory", "year", "pop_75p"],
            [[code, year, people[year]] for code, _, people in old for year in (2004, 2005)],
        ),
        "camsp-1998/territories.csv": camsp_territories(departments, ages),
        "camsp-1998/supply.csv": written(
            ["territory", "measure", "installed"],
            [[f"department:{code}", "camsp", 0] for code in sorted(WITHOUT_CAMSP)],
        ),
        "mas-fdt-1998/territories.csv": mas_fdt_territories(departments, ages),
        "scm-ssad-1998/territories.csv": written(
            ["level", "code", "name", "parent", "pop_75p"],
            [["region", code, name, "", people[1998]] for code, name, people in old],
        ),
        **cascade_tables(departments, ages, read(data / ENVELOPES_2007)),
        "ehpad-departments/territories.csv": ehpad_territories(departments, population),
        "ehpad-departments/supply.csv": ehpad_supply(departments, offer),
        **ageing_tables(departments, population, offer),
        **specific_tables(departments, ages, read(data / ENVELOPES_2020)),
        **disability_tables(departments, ages, read(data / ENVELOPES_2025)),
    }


def inside_regions(departments: Rows) -> dict[str, tuple[str, list[str]]]:
    """Name and departments of each region since 2016, by code."""
    codes = sorted({row["reg"] for row in departments})
    names = {row["reg"]: row["region"] for row in departments}
    return {
        code: (names[code], [row["dep"] for row in departments if row["reg"] == code])
        for code in codes
    }


def ageing_tables(
    departments: Rows, population: dict[tuple[str, str], int], offer: dict[str, dict[str, str]]
) -> dict[str, str]:
    """Places of 2020 by region, the rate of 2021, and people aged 75 and over from 2018 to 2023."""
    territories: list[list[object]] = []
    supply: list[list[object]] = []
    observed: list[list[object]] = []
    for code, (name, inside) in inside_regions(departments).items():
        people = {y: sum(population[d, str(y)] for d in inside) for y in range(2018, 2024)}
        places = sum(int(offer[d]["places_ehpad"]) for d in inside)
        rate = round(1000 * places / people[2021], 4)
        territories.append(["region", code, name, "", rate])
        supply.append([code, "ehpad", places])
        observed += [[code, year, number] for year, number in people.items()]
    return {
        "ehpad-ageing/territories.csv": written(
            ["level", "code", "name", "parent", "rate_2021"], territories
        ),
        "ehpad-ageing/supply.csv": written(["territory", "measure", "installed"], supply),
        "ehpad-ageing/observed.csv": written(["territory", "year", "people_75p"], observed),
    }


def specific_tables(departments: Rows, ages: Rows, envelopes: Rows) -> dict[str, str]:
    """The 18 envelopes of 2020 for specific difficulties, and everyone who lives there."""
    people = {row["dep"]: int(row["pop_total"]) for row in ages if row["annee"] == "2020"}
    money = {row["reg"]: int(row["drl_2020_eur"]) for row in envelopes if row["reg"]}
    return per_head_tables("specific-difficulties-2020", "specific", departments, people, money)


def disability_tables(departments: Rows, ages: Rows, envelopes: Rows) -> dict[str, str]:
    """The rounded envelopes of 2025 for disabled people, and people aged under 60."""
    under_60 = {
        row["dep"]: int(row["pop_0_19"]) + int(row["pop_20_59"])
        for row in ages
        if row["annee"] == "2023"
    }
    money = {
        row["reg"]: int(row["drl_ph_meur"]) * 1_000_000
        for row in envelopes
        if row["reg"] and row["drl_ph_meur"]
    }
    return per_head_tables("disability-2025", "ph", departments, under_60, money)


def per_head_tables(
    folder: str, measure: str, departments: Rows, people: dict[str, int], money: dict[str, int]
) -> dict[str, str]:
    """Lay out the regions that have an envelope, with the people it is compared to."""
    regions = {c: r for c, r in inside_regions(departments).items() if c in money}
    return {
        f"{folder}/territories.csv": written(
            ["level", "code", "name", "parent", "people"],
            [
                ["region", code, name, "", sum(people[d] for d in inside)]
                for code, (name, inside) in regions.items()
            ],
        ),
        f"{folder}/supply.csv": written(
            ["territory", "measure", "base"], [[code, measure, money[code]] for code in regions]
        ),
    }


def cascade_tables(departments: Rows, ages: Rows, envelopes: Rows) -> dict[str, str]:
    """Lay out the envelopes of 2007 of the departments printed, and their populations."""
    region = {row["dep"]: (row["reg_avant_2016"], row["region_avant_2016"]) for row in departments}
    people = {row["dep"]: row for row in ages if row["annee"] == "2007"}
    shown = sorted(envelopes, key=lambda row: row["dep"])
    above = sorted({region[row["dep"]] for row in shown})
    rows: list[list[object]] = [["region", code, name, "", "", ""] for code, name in above]
    supply: list[list[object]] = []
    for row in shown:
        dep, ages_of = row["dep"], people[row["dep"]]
        young = int(ages_of["pop_0_19"]) + int(ages_of["pop_20_59"])
        old = int(ages_of["pop_75p"])
        rows.append(["department", dep, row["nom"], region[dep][0], old, young])
        supply.append([dep, "pa", row["ogd_pa_eur"]])
        supply.append([dep, "ph", row["ogd_ph_eur"]])
    columns = ["level", "code", "name", "parent", "pop_75p", "pop_0_59"]
    return {
        "cascade-2007/territories.csv": written(columns, rows),
        "cascade-2007/supply.csv": written(["territory", "measure", "base"], supply),
    }


def camsp_territories(departments: Rows, ages: Rows) -> str:
    """The 22 departments of annexe I in their regions of then, with their people under 20."""
    under_20 = {row["dep"]: row["pop_0_19"] for row in ages if row["annee"] == "1998"}
    inside = [row for row in departments if row["dep"] in WITHOUT_CAMSP]
    names = {row["reg_avant_2016"]: row["region_avant_2016"] for row in inside}
    rows: list[list[object]] = [["region", code, names[code], "", ""] for code in sorted(names)]
    rows += [
        ["department", row["dep"], row["nom"], row["reg_avant_2016"], under_20[row["dep"]]]
        for row in sorted(inside, key=lambda row: row["dep"])
    ]
    return written(["level", "code", "name", "parent", "under_20_here"], rows)


def mas_fdt_territories(departments: Rows, ages: Rows) -> str:
    """The 22 metropolitan regions of then, with their people aged 20 to 59."""
    people = {row["dep"]: int(row["pop_20_59"]) for row in ages if row["annee"] == "1998"}
    metropolitan = [row for row in departments if row["zone"] == "metro"]
    names = {row["reg_avant_2016"]: row["region_avant_2016"] for row in metropolitan}
    inside = {
        code: [row["dep"] for row in metropolitan if row["reg_avant_2016"] == code]
        for code in sorted(names)
    }
    rows: list[list[object]] = [
        ["region", code, names[code], "", sum(people[dep] for dep in deps)]
        for code, deps in inside.items()
    ]
    return written(["level", "code", "name", "parent", "adults_20_59"], rows)


def old_regions(
    departments: Rows, population: dict[tuple[str, str], int]
) -> list[tuple[str, str, dict[int, int]]]:
    """Sum people aged 75 and over by region of before 2016."""
    names = {row["reg_avant_2016"]: row["region_avant_2016"] for row in departments}
    regions = []
    for code in sorted(names):
        if code == "06":
            continue
        inside = [row["dep"] for row in departments if row["reg_avant_2016"] == code]
        people = {y: sum(population[d, str(y)] for d in inside) for y in (1998, 2004, 2005)}
        regions.append((code, names[code], people))
    return regions


def ehpad_territories(departments: Rows, population: dict[tuple[str, str], int]) -> str:
    regions = sorted({(row["reg"], row["region"]) for row in departments})
    rows: list[list[object]] = [["region", code, name, "", ""] for code, name in regions]
    rows += [
        ["department", row["dep"], row["nom"], row["reg"], population[row["dep"], "2021"]]
        for row in departments
    ]
    return written(["level", "code", "name", "parent", "pop_75p"], rows)


def ehpad_supply(departments: Rows, offer: dict[str, dict[str, str]]) -> str:
    rows: list[list[object]] = []
    for row in departments:
        places = [int(offer[row["dep"]][f"places_{kind}"]) for kind in ("ehpad", "ra", "ehpa")]
        rows.append([row["dep"], "ehpad", *places, sum(places)])
    columns = ["installed", "residences_autonomie", "ehpa", "establishments"]
    return written(["territory", "measure", *columns], rows)


# Synthetic figures -------------------------------------------------------------------------------


def synthetic_tables(scenarios: Path) -> dict[str, str]:
    """Draw the synthetic tables, from fixed seeds and the real tables beside them."""
    territories, supply = dominic_tables()
    converging, renewed = convergence_tables()
    homes, places = scm_homes_tables()
    return {
        "ehpad-2004-rule/caps.csv": ehpad_caps(scenarios / "ehpad-2004-rule"),
        "ehpad-departments/caps.csv": caps_at_both_levels(scenarios / "ehpad-departments"),
        "ehpad-ageing/population.csv": ageing_population(scenarios / "ehpad-ageing"),
        "ehpad-ageing/caps.csv": ageing_caps(scenarios / "ehpad-ageing"),
        "ssiad-2004/supply.csv": ssiad_supply(scenarios / "ssiad-2004"),
        "campaign-2004/supply.csv": campaign_supply(scenarios / "campaign-2004"),
        "scm-ssad-1998/supply.csv": scm_supply(scenarios / "scm-ssad-1998"),
        "camsp-1998/projects.csv": camsp_projects(scenarios / "camsp-1998"),
        **mas_fdt_tables(scenarios / "mas-fdt-1998"),
        "dominic-2004/territories.csv": territories,
        "dominic-2004/supply.csv": supply,
        "convergence-2013/territories.csv": converging,
        "convergence-2013/supply.csv": renewed,
        "scm-homes-1998/territories.csv": homes,
        "scm-homes-1998/supply.csv": places,
    }


def camsp_projects(folder: Path) -> str:
    """A centre for each department: 600 000 F and a share by people under 20, 25 MF in all."""
    table = read(folder / "territories.csv")
    rows = [row for row in table if row["level"] == "department"]
    people = [int(row["under_20_here"]) for row in rows]
    by_people = 25_000_000 - 600_000 * len(rows)
    ends = [round(by_people * sum(people[: i + 1]) / sum(people), -3) for i in range(len(rows))]
    costs = [600_000 + end - before for end, before in zip(ends, [0, *ends], strict=False)]
    columns = ["project", "title", "territory", "measure", "operation", "places"]
    return written(
        [*columns, "cost", "cofinanced", "none_here", "under_20"],
        [
            [
                f"camsp-{row['code']}",
                f"CAMSP {row['name']}",
                f"department:{row['code']}",
                *("camsp", "creation", 1, int(cost), "0.20", "yes", own),
            ]
            for row, cost, own in zip(rows, costs, people, strict=True)
        ],
    )


def mas_fdt_tables(folder: Path) -> dict[str, str]:
    """Places of 1995, young adults kept among children, two or three projects a region: drawn."""
    draw = random.Random(1998)
    table = read(folder / "territories.csv")
    supply: list[list[object]] = []
    needs: list[list[object]] = []
    projects: list[list[object]] = []
    people = {row["code"]: int(row["adults_20_59"]) for row in table}
    placed: dict[str, int] = {}
    for code, number in people.items():
        mas = round(number / 1000 * draw.uniform(0.20, 0.50))
        fdt = round(number / 1000 * draw.uniform(0.05, 0.25))
        supply += [[code, "mas", mas], [code, "fdt", fdt]]
        placed[code] = mas + fdt
    national = sum(placed.values()) / sum(people.values())
    for code, number in people.items():
        young = round(number / 1000 * draw.uniform(0.08, 0.22))
        under = placed[code] / number < national
        needs.append([code, young, placed[code]])
        for i in range(1, draw.choice([2, 2, 3]) + 1):
            measure, operation = draw.choice(["mas", "fdt"]), draw.choice(["extension", "creation"])
            places = draw.randrange(5, 15) if operation == "extension" else draw.randrange(16, 41)
            cost = places * (350_000 if measure == "mas" else 300_000)
            frees = min(young, round(places * draw.uniform(0.3, 1.0)))
            name = f"{measure.upper()} {code}-{i}"
            own = [f"{code}-{i}", name, code, measure, operation, places, cost]
            share = "0" if measure == "mas" else "0.60"
            projects.append([*own, share, frees, "yes" if under else "no"])
    columns = ["project", "title", "territory", "measure", "operation", "places", "cost"]
    return {
        "mas-fdt-1998/supply.csv": written(["territory", "measure", "installed"], supply),
        "mas-fdt-1998/needs.csv": written(
            ["territory", "young_adults", "mas_fdt_installed"], needs
        ),
        "mas-fdt-1998/projects.csv": written(
            [*columns, "cofinanced", "frees", "under_equipped"], projects
        ),
    }


def ehpad_caps(folder: Path) -> str:
    """10 % of the places counted, at least 60 (four units of 15), by region."""
    parent = {
        row["code"]: row["parent"]
        for row in read(folder / "territories.csv")
        if row["level"] == "department"
    }
    supply = read(folder / "supply.csv")
    rows: list[list[object]] = []
    for region in sorted(set(parent.values())):
        counted = [
            sum(int(row[column]) for row in supply if parent[row["territory"]] == region)
            for column in ("installed", "establishments")
        ]
        rows.append(["region", region, *(max(60, places / 10) for places in counted)])
    return written(["level", "territory", "cap_ehpad", "cap_establishments"], rows)


def caps_at_both_levels(folder: Path) -> str:
    """10 % of the places installed, at least 60, for each region and for each department."""
    territories = read(folder / "territories.csv")
    installed = {row["territory"]: int(row["installed"]) for row in read(folder / "supply.csv")}
    rows: list[list[object]] = []
    for row in territories:
        is_region = row["level"] == "region"
        inside = [d["code"] for d in territories if d["parent"] == row["code"]]
        places = sum(installed[code] for code in (inside if is_region else [row["code"]]))
        cap = max(60, places / 10)
        rows.append([row["level"], row["code"], *((cap, "") if is_region else ("", cap))])
    return written(["level", "territory", "cap_region", "cap_department"], rows)


def ageing_population(folder: Path) -> str:
    """People aged 75 and over: observed to 2023, then by three trends of the years observed.

    Low goes on as from 2018 to 2021, high as from 2021 to 2023, central at the mean of the two.
    """
    observed: dict[str, dict[int, int]] = {}
    for row in read(folder / "observed.csv"):
        observed.setdefault(row["territory"], {})[int(row["year"])] = int(row["people_75p"])
    rows: list[list[object]] = []
    for code, people in observed.items():
        slow = (people[2021] / people[2018]) ** (1 / 3)
        fast = (people[2023] / people[2021]) ** (1 / 2)
        for year in range(2021, 2025):
            ahead = max(0, year - 2023)
            last = people[min(year, 2023)]
            growths = (slow, (slow + fast) / 2, fast)
            rows.append([code, year, *(round(last * growth**ahead) for growth in growths)])
    return written(["territory", "year", "low", "central", "high"], rows)


def ageing_caps(folder: Path) -> str:
    """A year's openings: at most 2 % of the places installed, and 60 at least (four units)."""
    rows: list[list[object]] = [
        [row["territory"], max(60, int(row["installed"]) / 50)]
        for row in read(folder / "supply.csv")
    ]
    return written(["territory", "opened_a_year"], rows)


def ssiad_supply(folder: Path) -> str:
    """Draw SSIAD places (18 per 1 000 people of 75+ on average) and all places (130 per 1 000)."""
    draw = random.Random(20040830)
    people = {
        row["territory"]: int(row["pop_75p"])
        for row in read(folder / "population.csv")
        if row["year"] == "2004"
    }
    ssiad: dict[str, int] = {}
    homes: dict[str, int] = {}
    for code, aged in people.items():
        low, high = (6, 11) if code in OVERSEAS else (13, 23)
        ssiad[code] = round(aged * draw.uniform(low, high) / 1000)
        low, high = (30, 60) if code in OVERSEAS else (85, 150)
        homes[code] = round(aged * draw.uniform(low, high) / 1000)
    rows: list[list[object]] = [
        [code, "ssiad", ssiad[code], ssiad[code] + homes[code]] for code in people
    ]
    return written(["territory", "measure", "installed", "all_places"], rows)


def campaign_supply(folder: Path) -> str:
    """Draw places and the credits they renew.

    By people of 75 and over: 10.8 M€ of the bases that are free, 54 M€ delegated in February.
    """
    draw = random.Random(20040218)
    people = {
        row["territory"]: int(row["pop_75p"])
        for row in read(folder / "population.csv")
        if row["year"] == "2004"
    }
    aged_until = [sum(list(people.values())[:i]) / sum(people.values()) for i in range(len(people))]
    rows: list[list[object]] = []
    for (code, aged), begin, end in zip(
        people.items(), aged_until, [*aged_until[1:], 1.0], strict=True
    ):
        free, february = (round(m * end) - round(m * begin) for m in (10_800_000, 54_000_000))
        overseas = code in OVERSEAS
        for measure, (low, high), renewed in (
            ("ehpad", (20, 45) if overseas else (75, 125), 7_600),
            ("ssiad", (6, 11) if overseas else (13, 23), 10_500),
            ("day_care", (0, 1) if overseas else (0.5, 2), 7_500),
            ("temporary", (0, 1) if overseas else (1, 3), 7_200),
        ):
            places = round(aged * draw.uniform(low, high) / 1000)
            rows.append([code, measure, places, places * renewed, ""])
        rows.append([code, "agreements_february", "", 0, february])
        rows.append([code, "agreements", "", free, ""])
    return written(["territory", "measure", "installed", "base", "february_eur"], rows)


def scm_supply(folder: Path) -> str:
    """Draw places installed and authorised-unfunded, and cut the guaranteed half to the latter."""
    draw = random.Random(19980327)
    people = {row["code"]: int(row["pop_75p"]) for row in read(folder / "territories.csv")}
    rows: list[list[object]] = []
    for measure, contingent, rate, backlog in (("scm", 7000, 25, 14000), ("ssad", 2000, 13, 4000)):
        shared = 0.9 * contingent / 2
        weights = {code: aged * draw.uniform(0.1, 2.4) for code, aged in people.items()}
        for code, aged in people.items():
            spread = draw.uniform(0.25, 0.55) if code in OVERSEAS else draw.uniform(0.7, 1.35)
            unfunded = round(backlog * weights[code] / sum(weights.values()))
            need = round(shared * aged / sum(people.values()), 1)
            installed = round(aged * rate * spread / 1000)
            rows.append([code, measure, installed, unfunded, min(need, unfunded)])
    columns = ["installed", "authorised_unfunded", "half_by_need"]
    return written(["territory", "measure", *columns], rows)


def dominic_tables() -> tuple[str, str]:
    """Draw a region of four departments and sixty homes, from nobody's real figures."""
    draw = random.Random(20040820)
    columns = [
        *("level", "code", "name", "parent", "status", "data_received", "places", "residents"),
        *(f"gir{i}" for i in range(1, 7)),
        *("alzheimer", "tariff", "pharmacy", "dominic_given"),
        *("exception", "mechanical_effect", "overrun_justified"),
        *("entity", "later_delegation"),
    ]
    blank = [""] * (len(columns) - 7)
    rows: list[list[object]] = [["region", "S", "Synthetic region", "", "", "", *blank, ""]]
    for letter in "ABCD":
        name = f"Synthetic department {letter}"
        received = "no" if letter == "D" else "yes"
        rows.append(["department", letter, name, "S", "", received, *blank, 60000])
    supply: list[list[object]] = []
    for letter in "ABCD":
        for number in range(1, 16):
            home, money = dominic_home(draw, letter, number)
            rows.append(home)
            supply.append(money)
    return (
        written(columns, rows),
        written(["territory", "measure", "base", "declared_need"], supply),
    )


# Homes above their ceiling, by department and number: why, and whether it is justified.
ABOVE = {
    ("A", 3): ("clapet", "yes"),
    ("B", 7): ("clapet", "yes"),
    ("A", 9): ("mecanique", "yes"),
    ("C", 4): ("mecanique", "yes"),
    ("B", 12): ("", "no"),
    ("C", 10): ("", "no"),
}


def dominic_home(
    draw: random.Random, letter: str, number: int
) -> tuple[list[object], list[object]]:
    """Draw one home: residents by GIR, what it is owed, what it has, what it asks for."""
    places = draw.randrange(40, 121)
    residents = round(places * draw.uniform(0.93, 1.0))
    heavy = draw.random() < 0.45
    weights = [0.24, 0.34, 0.16, 0.16, 0.06, 0.04] if heavy else [0.1, 0.22, 0.17, 0.25, 0.14, 0.12]
    girs = [round(residents * w * draw.uniform(0.85, 1.15)) for w in weights]
    girs[3] += residents - sum(girs)
    tariff = draw.choice(["partial", "partial", "global"])
    pharmacy = draw.choice(["no", "no", "yes"])
    alzheimer = "yes" if heavy and draw.random() < 0.85 else "no"
    points = gmp(girs)
    given = round((5.3 if tariff == "partial" else 5.9) * (points + 180) * residents, -2)
    dominic = given
    if dominic_2004_applies(
        gmp=points, residents=residents, gir1=girs[0], gir2=girs[1], alzheimer=alzheimer == "yes"
    ):
        dominic = dominic_2004(
            gmp=points, residents=residents, tariff=tariff, pharmacy=pharmacy == "yes"
        )
    exception, justified = ABOVE.get((letter, number), ("", ""))
    share = draw.uniform(1.42, 1.6) if justified else draw.triangular(0.82, 1.34, 1.06)
    base = round(dominic * share, -2)
    effect = 12000 if exception == "mecanique" else ""
    asked = 8000 if effect else round(dominic * draw.uniform(0.02, 0.14), -2)
    status = draw.choice(["public", "associatif", "commercial"])
    code = f"{letter}{number:02d}"
    head = ["establishment", code, f"Synthetic home {code}", letter, status, ""]
    rest = [alzheimer, tariff, pharmacy, int(given), exception, effect, justified]
    # two by two, the homes of a department are budgets of one establishment
    rest += [f"{letter}{number + number % 2:02d}", ""]
    return [*head, places, residents, *girs, *rest], [code, "care", int(base), int(asked)]


def convergence_tables() -> tuple[str, str]:
    """Draw sixteen homes, nine of them a hundredth of those above their ceiling in 2013.

    949 homes with 89 815 places stood 63.9 M€ above: nine homes, 898 places and 639 000 € here.
    """
    draw = random.Random(20130225)
    columns = [
        *("level", "code", "name", "parent", "status", "places"),
        *(f"gir{i}" for i in range(1, 7)),
        *("pmp", "tariff", "pharmacy", "overseas", "opens"),
    ]
    blank = [""] * (len(columns) - 4)
    rows: list[list[object]] = [["region", "S", "Synthetic region", "", *blank]]
    rows += [["department", d, f"Synthetic department {d}", "S", *blank] for d in "AB"]
    supply: list[list[object]] = []
    sizes = [draw.randrange(60, 131) for _ in range(8)]
    sizes.append(898 - sum(sizes))
    excess = [draw.uniform(0.3, 1.7) for _ in range(9)]
    left = 639000.0
    for number in range(1, 17):
        above = number <= 9
        places = sizes[number - 1] if above else draw.randrange(50, 121)
        department = "AB"[number % 2]
        code = f"{department}{number:02d}"
        weights = [0.17, 0.32, 0.18, 0.2, 0.08, 0.05]
        girs = [round(places * w * draw.uniform(0.85, 1.15)) for w in weights]
        pmp = draw.randrange(130, 231)
        tariff = draw.choice(["partial", "partial", "global"])
        pharmacy = draw.choice(["no", "no", "yes"])
        ceiling = gmps_ceiling(
            gmp=gmp(girs), pmp=pmp, places=places, tariff=tariff, pharmacy=pharmacy == "yes",
            overseas=False, year=2013,
        )  # fmt: skip
        if above:
            part = left if number == 9 else round(639000 * excess[number - 1] / sum(excess), 2)
            left = round(left - part, 2)
            base = round(ceiling + part, 2)
        else:
            base = round(ceiling * draw.uniform(0.72, 0.97), -2)
        waiting = number in (10, 13, 16)
        opens = {10: 2015, 13: 2014, 16: 2016}.get(number, "")
        status = draw.choice(["public", "associatif", "commercial"])
        head = ["establishment", code, f"Synthetic home {code}", department, status, places]
        rows.append([*head, *girs, pmp, tariff, pharmacy, "no", opens])
        supply.append([code, "care", "", base, "", ""])
        if waiting:
            authorised = draw.randrange(8, 17)
            supply.append([code, "ehpad", places, 0, authorised, authorised])
            supply.append([code, "meanwhile", "", 0, "", 50000])
    header = ["territory", "measure", "installed", "base", "authorised_unfunded", "declared_need"]
    return written(columns, rows), written(header, supply)


SCM_CLASSES = dict.fromkeys((3, 8, 17), "restructuring") | dict.fromkeys((5, 11, 21), "hospice")
"""Homes of a hospital that is restructured, hospices that are converted, by number."""


def scm_homes_tables() -> tuple[str, str]:
    """Draw 26 homes of one department, their residents, their care money and their backlog."""
    draw = random.Random(19980329)
    columns = [
        *("level", "code", "name", "parent", "status", "class", "holder", "residents"),
        *(f"gir{i}" for i in range(1, 7)),
    ]
    blank = [""] * (len(columns) - 4)
    rows: list[list[object]] = [["department", "S", "Synthetic department", "", *blank]]
    supply: list[list[object]] = []
    for number in range(1, 27):
        residents = draw.randrange(40, 131)
        weights = [0.1, 0.24, 0.16, 0.22, 0.16, 0.12]
        girs = [round(residents * w * draw.uniform(0.75, 1.25)) for w in weights]
        girs[3] += residents - sum(girs)
        code = f"S{number:02d}"
        status = draw.choice(["public", "associatif", "commercial"])
        of_class = SCM_CLASSES.get(number, "other")
        medicalised = round(residents * draw.uniform(0.1, 0.45))
        unfunded = 0 if number in (2, 9, 19) else round(residents * draw.uniform(0.08, 0.3))
        holder = "yes" if unfunded else "no"
        head = ["establishment", code, f"Synthetic home {code}", "S", status, of_class, holder]
        rows.append([*head, residents, *girs])
        supply.append([code, "scm", medicalised, round(57852.5 * medicalised, 2), unfunded])
    header = ["territory", "measure", "installed", "base", "authorised_unfunded"]
    return written(columns, rows), written(header, supply)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", type=Path, help="the folder of the shipped scenarios")
    parser.add_argument("--data", type=Path, help="the folder of the public statistics")
    asked = parser.parse_args()
    if asked.data is not None:
        save(asked.scenarios, real_tables(asked.data))
    save(asked.scenarios, synthetic_tables(asked.scenarios))


def save(scenarios: Path, tables: dict[str, str]) -> None:
    for name, text in tables.items():
        (scenarios / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
