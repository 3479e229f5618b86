"""A follow-up re-checked: the plan it names, what was returned, and where next year starts."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.files import fingerprint
from perequa.verification.folder import read_record
from perequa.verification.outcome import Notebook
from perequa.verification.recompute.model import Model
from perequa.verification.returns import Cell, Line, returned_lines, total
from perequa.verification.tables import read_csv
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats

NEAR = 1e-9
SLACK = 1e-6
Found = tuple[str, str, str, str, str]
"""Code, level, territory, measure and year of a finding."""


@dataclass(frozen=True)
class FollowUp:
    """The folder of a follow-up.

    Attributes
    ----------
    path, record
        The folder and its ``study.json``.
    """

    path: Path
    record: Mapping[str, Any]

    @cached_property
    def model(self) -> Model:
        """The figures of the plan; of a cascade, those of everything decided at once."""
        plan = self.path / "plan"
        run = read_record(plan / "run.json")
        figures = run
        if isinstance(run.get("cascade"), dict):
            figures = read_record(plan / "integrated" / "run.json")
        return Model(figures["scenario"], plan, figures["inputs"])

    @cached_property
    def planned(self) -> Floats:
        """Places (or money) planned, shape (T, M, Y)."""
        model, table = self.model, read_csv(self.path / "plan" / "allocation.csv", "allocation.csv")
        at = {name: i for i, name in enumerate(model.cell_ids)}
        flat = np.zeros(len(at))
        keys = zip(*(table.column(c) for c in ("level", "territory", "measure", "year")),
                   strict=True)  # fmt: skip
        before, after = table.numbers("installed_before"), table.numbers("installed_after")
        places = table.numbers("places")
        closed = model.supply.closed.ravel()
        for i, (level, code, measure, year) in enumerate(keys):
            if level != model.tree.decide_at:
                continue  # handed down by a step of a cascade above those who decide
            cell = at[f"x/{level}:{code}/{measure}/{year}"]
            grown = after[i] - before[i] + closed[cell]
            flat[cell] = grown if math.isnan(places[i]) else places[i]
        return flat.reshape(model.shape)

    @cached_property
    def lines(self) -> list[Line]:
        """Every line returned."""
        return list(returned_lines(self.path, self.record, self.model))

    @cached_property
    def kept(self) -> dict[Cell, list[Line]]:
        """Lines of each cell, one for each date of opening."""
        kept: dict[Cell, list[Line]] = {}
        for line in self.lines:
            if line.cell is not None:
                held = kept.setdefault(line.cell, [])
                if all(line.day != other.day for other in held):
                    held.append(line)
        return kept

    @property
    def years(self) -> int:
        """How many years are followed up: as far as the last one returned."""
        return 1 + max((line.cell[2] for line in self.lines if line.cell is not None), default=0)

    def amount(self, name: str) -> Floats:
        """Sum an amount by cell, NaN where not known; (T, M, Y)."""
        values = np.full(self.model.shape, np.nan)
        for cell, lines in self.kept.items():
            values[cell] = total(lines, name)
        return values

    def known(self, name: str) -> Floats:
        """The same with nothing for what is not known."""
        return np.nan_to_num(self.amount(name))

    def before(self, name: str) -> Floats:
        """A backlog of the plan's tables, nothing where there is none; (T, M)."""
        model = self.model
        if not model.figures.has(name):
            return np.zeros(model.shape[:2])
        stated = np.nan_to_num(_leaves(model, name))
        values = model.figures.summed(stated)[model.tree.deciding][:, :, 0]
        return np.broadcast_to(values, model.shape[:2])

    def months(self, line: Line, m: int, y: int) -> int:
        """Months paid in the year of opening."""
        if line.day is None or line.day[0] != self.model.years[y]:
            return int(self.model.supply.months[m])
        return 13 - line.day[1]


def _leaves(model: Model, name: str) -> Floats:
    """A column as stated; nothing at a leaf that states nothing, missing above."""
    values = model.figures.stated(name).copy()
    parents = set(model.tree.parent.tolist())
    for node in range(len(values)):
        if node not in parents:
            values[node] = np.nan_to_num(values[node])
    for level in reversed(model.tree.levels[:-1]):
        for node in model.tree.at(level):
            children = np.flatnonzero(model.tree.parent == node)
            if len(children):
                own = np.isnan(values[node])
                values[node] = np.where(own, values[children].sum(axis=0), values[node])
    return values


def is_follow_up(path: Path) -> bool:
    """Whether a folder holds a follow-up."""
    file = path / "study.json"
    return file.is_file() and read_record(file).get("study") == "follow-up"


def check_follow_up(path: Path) -> Check:
    """Compute every table of a follow-up again from the plan and the returns in its folder."""
    notes = Notebook(14, "follow_up")
    follow = FollowUp(path, read_record(path / "study.json"))
    _check_plan(notes, follow)
    found = _findings(follow)
    _check_findings(notes, follow, found)
    rows = _check_starting(notes, follow) + _check_realisation(notes, follow)
    return notes.close(
        saying(
            "{lines} lines returned, {findings} findings and {rows} rows of the tables of a "
            "follow-up, from the plan and the returns",
            lines=len(follow.lines),
            findings=sum(found.values()),
            rows=rows,
        )
    )


def _check_plan(notes: Notebook, follow: FollowUp) -> None:
    """The plan is the one whose fingerprint is told."""
    plan = follow.path / "plan"
    told, is_so = str(follow.record.get("run")), fingerprint(plan)
    if told != is_so:
        notes.wrong("plan/manifest.json", "", saying("fingerprint of the run"), is_so, told)
    listed = read_record(plan / "manifest.json").get("files", {})
    for file in sorted(p for p in plan.rglob("*") if p.is_file()):
        name = file.relative_to(plan).as_posix()
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if name != "manifest.json" and listed.get(name) != digest:
            notes.wrong(f"plan/{name}", "", "SHA-256", digest, str(listed.get(name)))


def _findings(follow: FollowUp) -> Counter[Found]:
    """What is missing or contradictory, counted."""
    found: Counter[Found] = Counter()
    for line in follow.lines:
        if line.cell is None:
            found["unknown_pair", *line.key] += 1
        elif all(line is not other for other in follow.kept[line.cell]):
            found["repeated", *line.key] += 1
    funded, opened = (np.cumsum(follow.known(n), axis=2) for n in ("funded", "opened"))
    authorised = np.cumsum(follow.known("authorised"), axis=2)
    stated = np.asarray(np.isfinite(follow.amount("authorised")).any(axis=2))
    pending, backlog = follow.before("pending"), follow.before("authorised_unfunded")
    for cell, lines in follow.kept.items():
        key, (t, m, y) = lines[0].key, cell
        money = bool(follow.model.supply.is_money[m])
        found += _of_lines(follow, cell)
        most = follow.planned[cell] if money else math.ceil(follow.planned[cell] - SLACK)
        if total(lines, "funded") > most + SLACK:
            found["funded_above_plan", *key] += 1
        if not money and opened[cell] > pending[t, m] + funded[cell] + SLACK:
            found["opened_above_funded", *key] += 1
        checked = stated[t, m] or follow.model.figures.has("authorised_unfunded")
        if checked and funded[cell] > backlog[t, m] + authorised[cell] + SLACK:
            found["funded_above_authorised", *key] += 1
    for t, m, y in _silent(follow):
        found["missing", *_key(follow, t, m), str(follow.model.years[y])] += 1
    return found


def _of_lines(follow: FollowUp, cell: Cell) -> Counter[Found]:
    """What single lines leave open, and dates of another year."""
    found: Counter[Found] = Counter()
    lines, (_, m, y) = follow.kept[cell], cell
    money = follow.model.supply.is_money[m]
    for name in ("funded",) if money else ("funded", "opened"):
        if math.isnan(total(lines, name)):
            found["missing", *lines[0].key] += 1
    for line in lines:
        opened = not math.isnan(line.amounts["opened"]) and line.amounts["opened"] != 0
        if opened and line.day is None and not money:
            found["missing", *line.key] += 1
        if opened and line.day is not None and line.day[0] != follow.model.years[y]:
            found["date_outside_year", *line.key] += 1
    return found


def _silent(follow: FollowUp) -> list[Cell]:
    """Cells with a plan and no return, in the years followed up."""
    cells = zip(*np.nonzero(follow.planned > SLACK), strict=True)
    told = [(int(t), int(m), int(y)) for t, m, y in cells if y < follow.years]
    return [cell for cell in told if cell not in follow.kept]


def _key(follow: FollowUp, t: int, m: int) -> tuple[str, str, str]:
    level, code = follow.model.tree.key[follow.model.tree.deciding[t]]
    return level, code, follow.model.measures[m]


def _check_findings(notes: Notebook, follow: FollowUp, wanted: Counter[Found]) -> None:
    table = read_csv(follow.path / "findings.csv", "findings.csv")
    names = ("code", "level", "territory", "measure", "year")
    told: Counter[Found] = Counter(zip(*(table.column(name) for name in names), strict=True))
    for key in sorted({*told, *wanted}):
        if told[key] != wanted[key]:
            notes.wrong(table.file, "/".join(key), saying("findings"), told[key], wanted[key])
    missing = read_csv(follow.path / "missing.csv", "missing.csv")
    columns = ("level", "territory", "measure", "year")
    listed = sorted(zip(*(missing.column(name) for name in columns), strict=True))
    silent = sorted(
        (*_key(follow, t, m), str(follow.model.years[y])) for t, m, y in _silent(follow)
    )
    if listed != silent:
        notes.wrong(missing.file, "", saying("rows"), len(listed), len(silent))


def _check_starting(notes: Notebook, follow: FollowUp) -> int:
    """Compare the tables next year starts from with the sums of the returns."""
    supply, model = follow.model.supply, follow.model
    sums = {name: follow.known(name).sum(axis=2) for name in ("authorised", "funded", "opened")}
    closed = np.where(np.isnan(follow.amount("closed")), supply.closed, follow.amount("closed"))
    closed = closed[:, :, : follow.years].sum(axis=2)
    left = follow.before("authorised_unfunded") + sums["authorised"] - sums["funded"]
    waits = follow.before("pending") + sums["funded"] - sums["opened"]
    nothing = np.where(supply.is_money[None, :], 0.0, np.maximum(waits, 0.0))
    last = follow.years - 1
    tables: dict[str, dict[str, Floats]] = {
        "next_supply.csv": {
            "installed": supply.installed + sums["opened"] - closed,
            "authorised_unfunded": np.maximum(left, 0.0),
        },
        "next_columns.csv": {"pending": nothing, "carried": _paid(follow, last)[1]},
    }
    if model.figures.has("base"):
        tables["next_supply.csv"]["base"] = _base(follow)
    return sum(_compare(notes, follow, file, wanted) for file, wanted in tables.items())


def _base(follow: FollowUp) -> Floats:
    supply, funded = follow.model.supply, follow.known("funded")
    budget, due = supply.base.copy(), supply.carried.copy()
    for y in range(follow.years):
        paid, later = _paid(follow, y)
        new = np.where(supply.is_money[None, :], funded[:, :, y], paid + due)
        budget = budget * supply.growth[:, :, y] + np.where(supply.recurrent[None, :], new, 0.0)
        due = later
    return budget


def _paid(follow: FollowUp, year: int) -> tuple[Floats, Floats]:
    """What places opened in a year cost in it, and in the next; each (T, M)."""
    paid, later = np.zeros(follow.model.shape[:2]), np.zeros(follow.model.shape[:2])
    for (t, m, y), lines in follow.kept.items():
        if y == year and not follow.model.supply.is_money[m]:
            for line in lines:
                full = follow.model.supply.cost[t, m, y] * np.nan_to_num(line.amounts["opened"])
                paid[t, m] += full * follow.months(line, m, y) / 12
                later[t, m] += full * (12 - follow.months(line, m, y)) / 12
    return paid, later


def _compare(notes: Notebook, follow: FollowUp, file: str, wanted: Mapping[str, Floats]) -> int:
    table = read_csv(follow.path / file, file)
    keys = list(zip(*(table.column(n) for n in ("level", "territory", "measure")), strict=True))
    pairs = np.argwhere(~follow.model.supply.closed_pairs)
    expected = {_key(follow, int(t), int(m)): (int(t), int(m)) for t, m in pairs}
    if sorted(keys) != sorted(expected):
        notes.wrong(file, "", saying("rows"), len(keys), len(expected))
        return 0
    for name, values in wanted.items():
        for key, found in zip(keys, table.numbers(name), strict=True):
            t, m = expected[key]
            value = float(values[t, m])
            money = bool(follow.model.supply.is_money[m])
            if money and name in ("installed", "authorised_unfunded"):
                continue  # a measure of money has no places
            where = (file, "/".join(key), name)
            notes.near(where, found, value, tolerance=NEAR * max(1.0, abs(value)))
    return len(keys)


def _check_realisation(notes: Notebook, follow: FollowUp) -> int:
    """Compare rates and amounts at every level."""
    table, model = read_csv(follow.path / "realisation.csv", "realisation.csv"), follow.model
    names = ("planned", "authorised", "funded", "opened", "closed")
    amounts = {n: follow.planned if n == "planned" else follow.known(n) for n in names}
    columns = [table.column(n) for n in ("level", "territory", "measure", "year")]
    told = {n: table.numbers(n) for n in (*names, "funded_rate", "realisation_rate")}
    for i, (level, code, measure, year) in enumerate(zip(*columns, strict=True)):
        inside = np.arange(model.shape[0])
        if level != "nation":
            inside = model.tree.below(model.tree.index[level, code])
        m, y = model.measures.index(measure), model.years.index(int(year))
        sums = {n: float(amounts[n][inside, m, y].sum()) for n in names}
        done = sums["funded"] if model.supply.is_money[m] else sums["opened"]
        whole = sums["planned"]
        sums["funded_rate"] = sums["funded"] / whole if whole > 0 else math.nan
        sums["realisation_rate"] = done / whole if whole > 0 else math.nan
        for name, value in sums.items():
            where = (table.file, f"{level}:{code}/{measure}/{year}", name)
            if math.isnan(value) and math.isnan(told[name][i]):
                continue
            notes.near(where, told[name][i], value, tolerance=NEAR * max(1.0, abs(value)))
    levels = model.tree.levels[: model.tree.levels.index(model.tree.decide_at) + 1]
    expected = 1 + sum(len(model.tree.at(level)) for level in levels)
    expected *= len(model.measures) * follow.years
    if len(table.rows) != expected:
        notes.wrong(table.file, "", saying("rows"), len(table.rows), expected)
    return len(table.rows)
