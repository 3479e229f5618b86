"""A run folder small enough to be solved by hand, written without any of Perequa's code.

Three regions of 1 000, 1 000 and 2 000 people hold 10, 16 and 64 places; the national rate is 22.5
per 1 000, so A misses 12.5 places, B 6.5 and C none. 8 places are handed out, a quarter kept in
reserve: 6 remain. C must get 1 and can get no more, A at most 4, B at most 5. The best that can be
done leaves 14 places missing, with A anywhere from 0 to 4: the published plan is the even one,
2.5 and 2.5. With `stages=2` the range of the rates comes second and gives A its 4.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.interpret.same_rows import full_statement
from perequa.words import words_in

if TYPE_CHECKING:
    from pathlib import Path


def _columns(words: str) -> list[str]:
    return words.split(",")


REGIONS = ("A", "B", "C")
NAMES = {"A": "Amont", "B": "Bocage", "C": "Côte"}
POPULATION = {"A": 1000.0, "B": 1000.0, "C": 2000.0}
INSTALLED = {"A": 10.0, "B": 16.0, "C": 64.0}
UNFUNDED = {"A": 4.0, "B": 5.0, "C": 1.0}
NATIONAL = 22.5
ROWS = (
    "cap/region:A/ssiad/2004/at_most",
    "cap/region:B/ssiad/2004/at_most",
    "cap/region:C/ssiad/2004/at_most",
    "contingent/-/ssiad/2004/equals",
    "floor/region:C/ssiad/2004/at_least",
    "kept/-/ssiad/2004/equals",
)
LIMITS = (4.0, 5.0, 1.0, 8.0, 1.0, 2.0)
CAP_A, CAP_B, CAP_C, CONTINGENT, FLOOR, KEPT = range(6)
XA, XB, XC, R, SA, SB, SC, HIGH, LOW = range(9)
INF = math.inf


def scenario(stages: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "format": 1,
        "name": "tiny",
        "years": [2004],
        "territories": {"file": "territories.csv", "levels": ["region"]},
        "decide_at": "region",
        "measures": {"ssiad": {"unit": "place", "cost": 1000}},
        "supply": {"file": "supply.csv"},
        "indicators": {"rate": {"measures": ["ssiad"], "population": "pop", "per": 1000}},
        "rules": {
            "contingent": {"kind": "contingent", "equals": 8},
            "kept": {"kind": "reserve", "of": "contingent", "share": 0.25},
            "cap": {"kind": "cap", "by": ["territory"], "at_most": {"column": "unfunded"}},
            "floor": {"kind": "floor", "territories": ["region:C"], "at_least": 1},
            "asleep": {"kind": "floor", "active": False, "at_least": 1000},
        },
        "objectives": {
            "missing": {"kind": "shortfall", "indicator": "rate", "level": "region"},
        },
    }
    if stages == 2:
        data["objectives"]["spread"] = {
            "kind": "range",
            "indicator": "rate",
            "level": "region",
            "priority": 2,
        }
    return data


def program(stages: int) -> dict[str, Any]:
    """Rules first, then the rows of the shortfall, then those of the range."""
    entries: list[list[tuple[int, float]]] = [
        [(XA, 1.0)],
        [(XB, 1.0)],
        [(XC, 1.0)],
        [(XA, 1.0), (XB, 1.0), (XC, 1.0), (R, 1.0)],
        [(XC, 1.0)],
        [(R, 1.0)],
    ]
    ids = list(ROWS)
    lower = [-INF, -INF, -INF, 8.0, 1.0, 2.0]
    upper = [4.0, 5.0, 1.0, 8.0, INF, 2.0]
    for i, t in enumerate(REGIONS):
        ids.append(f"missing/gap/region:{t}/-/2004")
        entries.append([(XA + i, 1.0), (SA + i, 1.0)])
        lower.append(POPULATION[t] / 1000 * NATIONAL - INSTALLED[t])
        upper.append(INF)
    columns = [f"x/region:{t}/ssiad/2004" for t in REGIONS]
    columns += ["kept/held_back/-/ssiad/2004"]
    columns += [f"missing/shortfall/region:{t}/-/2004" for t in REGIONS]
    least, cost = [0.0] * 7, [[0.0] * 4 + [1.0] * 3]
    if stages == 2:
        columns += ["spread/highest/-/-/2004", "spread/lowest/-/-/2004"]
        least += [-INF, -INF]
        cost = [cost[0] + [0.0, 0.0], [0.0] * 7 + [1.0, -1.0]]
        for i, t in enumerate(REGIONS):
            people = POPULATION[t] / 1000
            ids.append(f"spread/below_highest/region:{t}/-/2004")
            entries.append([(XA + i, -1.0), (HIGH, people)])
            lower.append(INSTALLED[t])
            ids.append(f"spread/above_lowest/region:{t}/-/2004")
            entries.append([(XA + i, 1.0), (LOW, -people)])
            lower.append(-INSTALLED[t])
            upper += [INF, INF]
    m, n = len(ids), len(columns)
    square = [1.0, 1.0, 0.5] + [0.0] * (n - 3)
    return {
        "a_data": np.array([v for row in entries for _, v in row]),
        "a_indices": np.array([j for row in entries for j, _ in row]),
        "a_indptr": np.concatenate([[0], np.cumsum([len(row) for row in entries])]),
        "row_id": np.array(ids),
        "row_is_rule": np.arange(m) < len(ROWS),
        "row_lower": np.array(lower),
        "row_upper": np.array(upper),
        "row_constant": np.zeros(m),
        "row_limit": np.array([*LIMITS, *[math.nan] * (m - len(ROWS))]),
        "col_id": np.array(columns),
        "col_lower": np.array(least),
        "col_upper": np.full(n, INF),
        "objective_name": np.array(["missing", "spread"][:stages]),
        "objective_cost": np.array(cost),
        "objective_offset": np.zeros(stages),
        "stage_priority": np.arange(1, stages + 1),
        "stage_weight": np.eye(stages),
        "tie_square": np.array(square),
        "tie_linear": np.zeros(n),
    }


def solution(stages: int) -> dict[str, Any]:
    vertex = [4.0, 1.0, 1.0, 2.0, 8.5, 5.5, 0.0]
    plan = [2.5, 2.5, 1.0, 2.0, 10.0, 4.0, 0.0]
    y = [0.0, 0.0, 0.0, -1.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    if stages == 1:
        tie = [0.0, 0.0, 0.0, 5.0, -4.0, -5.0, 0.0, 0.0, 0.0]
        return {
            "x": np.array([vertex]),
            "y": np.array([y]),
            "lam": np.zeros((1, 1)),
            "plan": np.array(plan),
            "tie_method": np.array("exact"),
            "tie_y": np.array(tie),
        }
    y1 = np.array([*y, *[0.0] * 6])
    # Second priority: the lowest rate is A's and its cap stops it; the highest is C's, its floor.
    own = np.zeros(15)
    own[CAP_A], own[FLOOR], own[10], own[13] = -1.0, 0.5, 1.0, 0.5
    x = np.array([*vertex, 32.5, 14.0])
    tie = np.zeros(15)
    # B gets what is left: its 1 is dear or cheap as it is, A's cap and C's floor take the rest.
    tie[CONTINGENT], tie[CAP_A], tie[FLOOR], tie[KEPT] = 2.0, 6.0, -1.0, -2.0
    return {
        "x": np.array([x, x]),
        "y": np.array([y1, own + 0.5 * y1]),
        "lam": np.array([[0.0, 0.0], [0.5, 0.0]]),
        "plan": x,
        "tie_method": np.array("exact"),
        "tie_y": tie,
    }


def certificate(stages: int) -> dict[str, Any]:
    """8.5 + 5.5 places missing, then rates from 14 to 32.5: halves leave no rounding."""
    none = {"duality_gap": 0.0, "complementarity": 0.0}
    return {
        "verdict": "proven",
        "residuals": {"rows": 0.0, "columns": 0.0, "multipliers": 0.0},
        **none,
        "priorities": [
            {"priority": p + 1, "value": value, "bound": value, **none}
            for p, value in enumerate((14.0, 18.5)[:stages])
        ],
    }


# row, side, price, T, base, ray, chord
Proof = tuple[int, int, float, float, int, int, dict[int, float]]
PROOFS: tuple[Proof, ...] = (
    (CAP_A, 1, 0.0, INF, 0, -1, {}),
    (CAP_A, -1, 0.0, 1.5, 1, -1, {}),
    (CAP_B, 1, 0.0, INF, 0, -1, {}),
    (CAP_B, -1, 0.0, 4.0, 0, -1, {}),
    (CAP_C, 1, 0.0, INF, 0, -1, {}),
    (CAP_C, -1, INF, 0.0, 0, 0, {}),
    (CONTINGENT, 1, -1.0, 4.0, 0, -1, {XB: 1.0, SB: -1.0}),
    (CONTINGENT, -1, 1.0, 4.0, 0, -1, {XA: -1.0, SA: 1.0}),
    (FLOOR, 1, INF, 0.0, 0, 0, {}),
    (FLOOR, -1, -1.0, 1.0, 0, -1, {XC: -1.0, XB: 1.0, SB: -1.0}),
    (KEPT, 1, 1.0, 4.0, 0, -1, {R: 1.0, XA: -1.0, SA: 1.0}),
    (KEPT, -1, -1.0, 2.0, 0, -1, {R: -1.0, XB: 1.0, SB: -1.0}),
)


def evidence(stages: int) -> dict[str, Any]:
    proofs = list(PROOFS)
    if stages == 2:
        # The published plan stands at the vertex: A's cap is met, and what it loses B gets.
        away = {XA: -1.0, XB: 1.0, SA: 1.0, SB: -1.0}
        proofs[1] = (CAP_A, -1, 0.0, 4.0, 0, -1, away)
        # Extremes of the rates follow the places: the highest may stay, the lowest gives way.
        proofs = [(*p[:6], _with_extremes(p[6])) for p in proofs]
    chords = [sorted(p[6].items()) for p in proofs]
    return {
        "row": np.array([p[0] for p in proofs]),
        "side": np.array([p[1] for p in proofs]),
        "price": np.array([p[2] for p in proofs]),
        "T": np.array([p[3] for p in proofs]),
        "base": np.array([p[4] for p in proofs]),
        "dual": np.array([0 if math.isfinite(p[2]) else -1 for p in proofs]),
        "end_dual": np.full(len(proofs), -1),
        "ray": np.array([p[5] for p in proofs]),
        "chord_ptr": np.concatenate([[0], np.cumsum([len(c) for c in chords])]),
        "chord_col": np.array([j for c in chords for j, _ in c]),
        "chord_val": np.array([v for c in chords for _, v in c]),
        "dual_ptr": np.array([0, 0]),
        "dual_row": np.zeros(0, dtype=int),
        "dual_val": np.zeros(0),
        "dual_lam": np.zeros((1, stages)),
        "ray_ptr": np.array([0, 2]),
        "ray_row": np.array([CAP_C, FLOOR]),
        "ray_val": np.array([-1.0, 1.0]),
    }


def _with_extremes(chord: dict[int, float]) -> dict[int, float]:
    return {**chord, LOW: -1.0} if chord.get(XA, 0.0) < 0 else dict(chord)


def write_run(folder: Path, stages: int = 1) -> Path:
    """Write the run and its manifest; return its folder."""
    folder.mkdir()
    (folder / "inputs").mkdir()
    tree = [["region", t, NAMES[t], "", f"{POPULATION[t]:g}"] for t in REGIONS]
    _csv(folder / "inputs" / "territories.csv", _columns("level,code,name,parent,pop"), tree)
    supply = [[t, "ssiad", f"{INSTALLED[t]:g}", f"{UNFUNDED[t]:g}"] for t in REGIONS]
    _csv(folder / "inputs" / "supply.csv", _columns("territory,measure,installed,unfunded"), supply)
    found = solution(stages)
    x = dict(zip(REGIONS, found["plan"][:3], strict=True))
    np.savez(folder / "program.npz", **program(stages))
    np.savez(folder / "solution.npz", **found)
    np.savez(folder / "evidence.npz", **evidence(stages))
    _allocation(folder, x)
    _rates(folder, x)
    _objectives(folder, stages)
    _rules(folder, found["plan"])
    _prices(folder, stages)
    (folder / "certificate.json").write_text(json.dumps(certificate(stages)), encoding="utf-8")
    record = {
        "schema_version": 1,
        "scenario": scenario(stages),
        "name": "tiny",
        "inputs": {name: f"inputs/{name}" for name in ("territories.csv", "supply.csv")},
        "status": "optimal",
        "exit_code": 0,
        "lang": "en",
    }
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return seal(folder)


def seal(folder: Path) -> Path:
    """Write the manifest of what stands in the folder."""
    files = {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "manifest.json"
    }
    (folder / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    return folder


def change_cell(path: Path, row: str, column: str, value: str) -> None:
    """Change one cell of the line that holds the word `row`."""
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    at = lines[0].index(column)
    line = next(line for line in lines[1:] if row in line)
    line[at] = value
    _csv(path, lines[0], lines[1:])


def change_array(path: Path, name: str, where: Any, value: Any) -> None:
    """Change entries of one array of an ``.npz`` file."""
    with np.load(path) as stored:
        arrays = {key: stored[key].copy() for key in stored.files}
    arrays[name][where] = value
    np.savez(path, **arrays)


def _csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


def _text(value: float | str) -> str:
    return repr(float(value)) if isinstance(value, float) else str(value)


def _allocation(folder: Path, x: dict[str, float]) -> None:
    header = _columns(
        "scenario,level,territory,territory_name,measure,envelope,year,places,credits,"
        "withheld,due_after,installed_before,installed_after,continuous_places,"
        "continuous_credits,reference_places,reference_credits"
    )
    rows: list[list[str]] = []
    had = INSTALLED
    figures = {t: [x[t], 1000.0 * x[t], 0.0, 0.0, had[t], had[t] + x[t]] for t in REGIONS}
    for t in REGIONS:
        who = ["tiny", "region", t, NAMES[t], "ssiad", "", "2004"]
        rows.append([*who, *map(_text, map(float, figures[t])), "", "", "", ""])
    _csv(folder / "allocation.csv", header, rows)
    total = [math.fsum(float(figures[t][k]) for t in REGIONS) for k in range(6)]
    nation = ["tiny", "nation", "", "France", "ssiad", "", "2004"]
    kept = ["tiny", "nation", "reserve", "kept", "ssiad", "", "2004", "2.0"]
    _csv(
        folder / "totals.csv",
        header,
        [[*nation, *map(_text, total), "", "", "", ""], [*kept, *[""] * 9]],
    )


def _rates(folder: Path, x: dict[str, float]) -> None:
    before = {t: 1000 * INSTALLED[t] / POPULATION[t] for t in REGIONS}
    after = {t: 1000 * (INSTALLED[t] + x[t]) / POPULATION[t] for t in REGIONS}
    total = sum(POPULATION.values())
    national = (NATIONAL, 1000 * (sum(INSTALLED.values()) + sum(x.values())) / total)
    lines = [("region", t, before[t], after[t]) for t in REGIONS]
    rows = [
        ["tiny", "rate", level, t, "2004", *map(_text, (b, a, NATIONAL, NATIONAL)),
         _text(NATIONAL - b), _text(NATIONAL - a)]
        for level, t, b, a in [*lines, ("nation", "", *national)]
    ]  # fmt: skip
    header = _columns(
        "scenario,indicator,level,territory,year,before,after,target,target_before,"
        "gap_before,gap_after"
    )
    _csv(folder / "indicators.csv", header, rows)
    measures = []
    for moment, rate, whole in (("before", before, national[0]), ("after", after, national[1])):
        share = {t: POPULATION[t] / total for t in REGIONS}
        mean = sum(share[t] * rate[t] for t in REGIONS)
        pairs = [share[s] * share[t] * abs(rate[s] - rate[t]) for s in REGIONS for t in REGIONS]
        gini = sum(pairs) / (2 * mean)
        theil = sum(share[t] * rate[t] / mean * math.log(rate[t] / mean) for t in REGIONS)
        gap = sum(share[t] * abs(rate[t] - mean) for t in REGIONS)
        low, high = min(rate.values()), max(rate.values())
        figures = (whole, low, high, high - low, gini, theil, gap)
        below = sum(r < NATIONAL for r in rate.values())
        measures.append(
            ["tiny", "rate", "region", "2004", moment, *map(_text, map(float, figures)), str(below)]
        )
    header = "scenario,indicator,level,year,moment,national,min,max,range,gini,theil"
    header += ",mean_absolute_gap,below_target"
    _csv(folder / "equity.csv", _columns(header), measures)


def _objectives(folder: Path, stages: int) -> None:
    header = "scenario,priority,objective,kind,unit,weight,value,initial_value,optimum_alone"
    first = "tiny,1,missing,shortfall,place,1.0,14.0,19.0,14.0"
    second = "tiny,2,spread,range,rate point,1.0,18.5,22.0,18.5"
    _csv(folder / "objectives.csv", _columns(header), list(map(_columns, (first, second)[:stages])))


def _identity(name: str) -> list[str]:
    rule, place, measure, year, side = name.split("/")
    level, _, code = place.partition(":")
    kind = "reserve" if rule == "kept" else rule
    where = ["", ""] if place == "-" else [level, code]
    return ["tiny", name, rule, kind, *where, NAMES.get(code, ""), measure, year, "place", side]


IDENTITY = _columns("scenario,row,rule,kind,level,territory,territory_name,measure,year,unit,side")


def _rules(folder: Path, plan: Any) -> None:
    activity = [plan[XA], plan[XB], plan[XC], sum(plan[:4]), plan[XC], plan[R]]
    rows = []
    for name, limit, value in zip(ROWS, LIMITS, activity, strict=True):
        slack = abs(limit - value)
        binding = "true" if slack <= 1e-9 else "false"
        rows.append([*_identity(name), *map(_text, map(float, (limit, value, slack))), binding])
    _csv(folder / "rules.csv", [*IDENTITY, "limit", "activity", "slack", "binding"], rows)


def _prices(folder: Path, stages: int) -> None:
    header = IDENTITY + _columns(
        "limit,priority,effect_of_one_more,effect_of_one_less,effect_per_100k_more,"
        "effect_per_100k_less,currency,holds_up_to,holds_down_to,"
        "range,unique,objective,objective_kind,objective_unit,same_as,same_how,"
        "joint_effect_of_one_more,joint_effect_of_one_less,joint_holds_up_to,joint_holds_down_to,"
        "statement"
    )
    proofs = evidence(stages)
    figures = zip(*(proofs[k].tolist() for k in ("row", "side", "price", "T")), strict=True)
    sides = {(row, side): (price, reach) for row, side, price, reach in figures}
    rows = []
    for i, name in enumerate(ROWS):
        (more, up), (less, down) = sides[i, 1], sides[i, -1]
        to = LIMITS[i] + up if math.isfinite(more) else LIMITS[i]
        down_to = LIMITS[i] - down if math.isfinite(less) else LIMITS[i]
        unique = "true" if math.isfinite(more) and more + less == 0 else "false"
        ended = proofs["end_dual"] >= 0
        exact = all(
            ended[e] or math.isinf(proofs["T"][e]) or math.isinf(proofs["price"][e])
            for e in np.flatnonzero(proofs["row"] == i)
        )
        told = "exact" if exact else "inner"
        per = [100.0 * more, 100.0 * less]
        shown = [
            more,
            less,
            *per,
            "EUR",
            to,
            down_to,
            told,
            unique,
            "missing",
            "shortfall",
            "place",
        ]
        shown += [""] * 6
        later = [*[""] * 4, "EUR", *[""] * 4, "spread", "range", "rate point", *[""] * 6]
        for priority, figures in (("1", shown), ("2", later))[:stages]:
            row = [*_identity(name), *map(_text, [LIMITS[i], priority, *figures])]
            rows.append(
                [*row, full_statement(dict(zip(header, row, strict=False)), words_in("en"))]
            )
    _csv(folder / "shadow_prices.csv", header, rows)
