"""A cascade re-checked: each step as a run, and each step's scenario against the whole."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.cascade_tables import check_joined, check_price, check_steps_table
from perequa.verification.compare import compare_keys
from perequa.verification.folder import RunFolder, read_record
from perequa.verification.outcome import Notebook
from perequa.verification.recompute.model import Model
from perequa.verification.tables import is_missing
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from perequa.verification.outcome import Check
    from perequa.verification.recompute.territories import Territories
    from perequa.verification.tables import Table

NATION, INTEGRATED = "nation", "integrated"
SHARED = (
    *("currency", "years", "measures", "supply", "columns", "derive", "envelopes", "conversions"),
    "format",
)
"""Sections that every step takes from the whole as they are."""
DECIDED = ("objectives", "tie_break", "reference")
BY_COLUMN = ("cap", "floor", "ceiling")
SIDES = ("at_least", "at_most", "equals")
HANDED = "handed_down/"
AGREE = 1e-9


@dataclass(frozen=True)
class Cascade:
    """The folder of a cascade, and the folders of its steps.

    Attributes
    ----------
    folder
        The folder of the whole.
    """

    folder: RunFolder

    @property
    def upper(self) -> str:
        """Level at which the nation decides."""
        return str(self._steps[0]["decide_at"])

    @property
    def lower(self) -> str:
        """Level at which the last of its parts decide."""
        return str(self._steps[-1]["decide_at"])

    def stage_of(self, part: Mapping[str, Any]) -> int:
        """Say which step a part carries out: it is decided by the level of its territory."""
        top = str(part["territory"]).partition(":")[0]
        return 1 + [str(step["decide_at"]) for step in self._steps].index(top)

    def level_of(self, part: Mapping[str, Any]) -> str:
        """Level at which a part decides."""
        return str(self._steps[self.stage_of(part)]["decide_at"])

    def hands_of(self, part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What is handed down to a part."""
        stated = self._steps[self.stage_of(part)]["hands_down"]
        return stated if isinstance(stated, list) else [stated]

    def above(self, part: Mapping[str, Any]) -> str:
        """Name the step whose plan a part received: that of the territory it stands in."""
        stage = self.stage_of(part)
        if stage == 1:
            return NATION
        tree, level = self.model.tree, str(self._steps[stage - 2]["decide_at"])
        node = tree.find(str(part["territory"]))
        while tree.key[node][0] != level:
            node = int(tree.parent[node])
        return "-".join(tree.key[node])

    @property
    def expected_parts(self) -> list[str]:
        """Names of the steps below the nation: one for each territory where a step decides."""
        above = [str(step["decide_at"]) for step in self._steps[:-1]]
        tree = self.model.tree
        return ["-".join(tree.key[node]) for level in above for node in tree.at(level)]

    @property
    def last(self) -> list[Mapping[str, Any]]:
        """The parts below which nobody decides."""
        end = len(self._steps) - 1
        return [part for part in self.parts if self.stage_of(part) == end]

    @property
    def _steps(self) -> list[Mapping[str, Any]]:
        steps: list[Mapping[str, Any]] = self.folder.scenario["cascade"]["steps"]
        return steps

    @cached_property
    def parts(self) -> list[Mapping[str, Any]]:
        """What ``run.json`` says of each part."""
        stated = self.folder.run["cascade"]["steps"]
        return [dict(part) for part in stated]

    @cached_property
    def model(self) -> Model:
        """The figures of the whole, as they are where its parts decide."""
        scenario = {**self.folder.scenario, "decide_at": self.lower}
        return Model(scenario, self.folder.path, self.folder.inputs)

    @cached_property
    def steps(self) -> dict[str, RunFolder]:
        """Folders of the steps that have one, the nation first."""
        names = [NATION, *(str(part["step"]) for part in self.parts)]
        folders = {name: self.folder.path / "steps" / name for name in names}
        folders[INTEGRATED] = self.folder.path / INTEGRATED
        return {
            name: RunFolder(path, read_record(path / "run.json"))
            for name, path in folders.items()
            if (path / "run.json").is_file()
        }

    @cached_property
    def rules(self) -> Mapping[str, Mapping[str, Any]]:
        """Rules of the whole."""
        stated: Mapping[str, Mapping[str, Any]] = self.folder.scenario.get("rules") or {}
        return stated

    def of_step(self, name: str, step: int) -> bool:
        """Whether a rule of the whole binds those who decide at a step, 0 for the nation.

        The first that decides as finely as it names territories does, and every later one where
        its columns are stated.
        """
        tree, rule = self.model.tree, self.rules[name]
        depths = [tree.levels.index(str(each["decide_at"])) for each in self._steps]
        first = len(depths) - 1
        while first and depths[first - 1] >= _depth(rule, tree):
            first -= 1
        return step == first or (step > first and self._holds_below(rule, depths[step]))

    def _holds_below(self, rule: Mapping[str, Any], depth: int) -> bool:
        """Whether a rule by territory reads a column stated at a level, or below."""
        bounds = [rule[side] for side in SIDES if side in rule]
        columns = [b.get("column") for b in bounds if isinstance(b, dict)]
        if rule["kind"] not in BY_COLUMN or "territory" not in _groups(rule) or not bounds:
            return False
        if len(columns) < len(bounds) or None in columns:
            return False
        return all(self._stated_below(str(name), depth) for name in columns)

    def _stated_below(self, name: str, depth: int) -> bool:
        tree, figures = self.model.tree, self.model.figures
        below = [n for n, key in enumerate(tree.key) if tree.levels.index(key[0]) >= depth]
        if name in figures.derived:
            held = figures.derived[name][below]
            return bool(np.isfinite(held).any())
        text = figures.words[name].text
        return len(text) > 1 and any(not is_missing(str(cell)) for cell in text[below].ravel())


def is_cascade(folder: RunFolder) -> bool:
    """Whether a folder holds several steps."""
    return isinstance(folder.run.get("cascade"), dict)


def check_cascade(
    folder: RunFolder, verify: Callable[[Path], list[Check]]
) -> list[tuple[int, str, Callable[[], Check]]]:
    """Return the checks that the folder of a cascade calls for.

    Parameters
    ----------
    folder
        The folder of the whole.
    verify
        Makes every check of the folder of one step.
    """
    cascade = Cascade(folder)
    return [
        (11, "steps", lambda: _check_runs(cascade, verify)),
        (12, "cascade", lambda: _check_scenarios(cascade)),
        (13, "decentralisation", lambda: _check_figures(cascade)),
    ]


def _check_runs(cascade: Cascade, verify: Callable[[Path], list[Check]]) -> Check:
    """Verify every step as the run it is."""
    notes = Notebook(11, "steps")
    for step, folder in cascade.steps.items():
        place = folder.path.relative_to(cascade.folder.path).as_posix()
        for check in verify(folder.path):
            for found in check.disagreements:
                file = f"{place}/{found.file}" if found.file else place
                notes.wrong(file, found.row, found.what, found.found, found.expected)
        wanted = f"{cascade.folder.run['name']}-{step}"
        if folder.run.get("name") != wanted:
            notes.wrong(f"{place}/run.json", "", "name", str(folder.run.get("name")), wanted)
    return notes.close(
        saying("{count} steps, each with all the checks of a run", count=len(cascade.steps))
    )


def _check_scenarios(cascade: Cascade) -> Check:
    """Compare what each step was asked with what the whole and its own file state."""
    notes = Notebook(12, "cascade")
    compare_keys(
        notes, "run.json", [str(part["step"]) for part in cascade.parts], cascade.expected_parts
    )
    if NATION in cascade.steps:
        _check_shared(notes, cascade, NATION, cascade.upper)
        _check_nation(notes, cascade, cascade.steps[NATION])
    else:
        notes.wrong("steps/nation", "", saying("is missing"))
    for part in cascade.parts:
        for key, wanted in (("above", cascade.above(part)), ("decide_at", cascade.level_of(part))):
            _same(notes, "run.json", f"cascade.steps {part['step']} {key}", part[key], wanted)
        if part["step"] in cascade.steps:
            _check_shared(notes, cascade, str(part["step"]), cascade.level_of(part))
            _check_part(notes, cascade, part, cascade.steps[str(part["step"])])
    if INTEGRATED in cascade.steps:
        _check_shared(notes, cascade, INTEGRATED, cascade.lower)
        _check_integrated(notes, cascade, cascade.steps[INTEGRATED])
    return notes.close(
        saying(
            "{count} scenarios follow from the whole, limits handed down are what was received",
            count=len(cascade.steps),
        )
    )


def _check_figures(cascade: Cascade) -> Check:
    notes = Notebook(13, "decentralisation")
    rows = check_joined(notes, cascade)
    check_steps_table(notes, cascade)
    objectives = check_price(notes, cascade)
    return notes.close(
        saying(
            "{rows} rows of the tables of all steps, {objectives} objectives in steps and at once",
            rows=rows,
            objectives=objectives,
        )
    )


def _check_shared(notes: Notebook, cascade: Cascade, step: str, level: str) -> None:
    """Sections taken from the whole, and the very same tables."""
    folder = cascade.steps[step]
    file = _record_of(cascade, step)
    for key in SHARED:
        _same(notes, file, key, folder.scenario.get(key), cascade.folder.scenario.get(key))
    _same(notes, file, "decide_at", folder.scenario.get("decide_at"), level)
    built = step in {NATION, INTEGRATED}
    campaign = cascade.folder.scenario.get("campaign") if built else None
    _same(notes, file, "campaign", folder.scenario.get("campaign"), campaign)
    for key, place in folder.inputs.items():
        if HANDED in key and key not in cascade.folder.inputs:
            continue
        whole = cascade.folder.inputs.get(key)
        content = (folder.path / place).read_bytes()
        if whole is None or content != (cascade.folder.path / whole).read_bytes():
            notes.wrong(
                f"{_folder_of(cascade, step)}/{place}", "", saying("is no input of the whole")
            )


def _check_nation(notes: Notebook, cascade: Cascade, folder: RunFolder) -> None:
    file = _record_of(cascade, NATION)
    whole = cascade.folder.scenario
    for key in ("tie_break", "reference", "indicators", "territories"):
        _same(notes, file, key, folder.scenario.get(key), whole.get(key))
    wanted = {n: rule for n, rule in cascade.rules.items() if cascade.of_step(n, 0)}
    _same_entries(notes, file, "rules", folder.scenario.get("rules") or {}, wanted)
    objectives = _seen_from(whole["objectives"], cascade.upper, cascade.model.tree)
    _same_entries(notes, file, "objectives", folder.stated["objectives"], objectives)


def _check_part(
    notes: Notebook, cascade: Cascade, part: Mapping[str, Any], folder: RunFolder
) -> None:
    file = _record_of(cascade, str(part["step"]))
    scenario, stated = folder.scenario, part["stated"]
    for key in ("tie_break", "reference"):
        _same(notes, file, key, folder.stated.get(key), stated.get(key))
    aims = _seen_from(stated["objectives"], cascade.level_of(part), cascade.model.tree)
    _same_entries(notes, file, "objectives", folder.stated["objectives"], aims)
    within = {**cascade.folder.scenario["territories"], "within": part["territory"]}
    _same(notes, file, "territories", scenario.get("territories"), within)
    for name, spec in scenario.get("indicators", {}).items():
        told = float(spec.get("national_initial", float("nan")))
        rate = cascade.model.rates(name).national_initial
        notes.near(
            (file, name, "national_initial"), told, rate, tolerance=AGREE * max(1.0, abs(rate))
        )
        rest = {k: v for k, v in spec.items() if k != "national_initial"}
        _same(notes, file, f"indicators.{name}", rest, cascade.folder.scenario["indicators"][name])
    _check_part_rules(notes, cascade, part, folder)
    _check_received(notes, cascade, part, folder)


def _check_part_rules(
    notes: Notebook, cascade: Cascade, part: Mapping[str, Any], folder: RunFolder
) -> None:
    """Its own rules, those it inherits, and those whose limit is handed down: no other."""
    file = _record_of(cascade, str(part["step"]))
    rules = dict(folder.scenario.get("rules") or {})
    handed = {hand["rule"] for hand in cascade.hands_of(part)}
    own = {n: r for n, r in (part["stated"].get("rules") or {}).items() if n not in handed}
    for name in handed:
        if name not in rules:
            notes.wrong(file, name, saying("the rule handed down is absent"))
    stage = cascade.stage_of(part)
    for name in (n for n in cascade.rules if cascade.of_step(n, stage)):
        cut = _cut(cascade, cascade.rules[name], str(part["territory"]))
        if cut is None or _touches_nothing(cascade, name, part):
            continue
        own[name] = cut
    kept = {n: rule for n, rule in rules.items() if n not in handed}
    _same_entries(notes, file, "rules", kept, own)


def _touches_nothing(cascade: Cascade, name: str, part: Mapping[str, Any]) -> bool:
    """Whether an inherited rule was left out, and rightly: it has no row in the part."""
    if name not in part["idle"] or INTEGRATED not in cascade.steps:
        return name in part["idle"]
    tree, top = cascade.model.tree, cascade.model.tree.find(str(part["territory"]))
    program = cascade.steps[INTEGRATED].program
    first, last = (tree.levels.index(k) for k in (tree.key[top][0], cascade.level_of(part)))
    levels = tree.levels[first + 1 : last + 1]
    for row in program.row_ids:
        rule, territory = row.split("/")[:2]
        # a rule that holds at several steps stands there once for each, under a name of its own
        if re.fullmatch(rf"{re.escape(name)}(_below(_\d+)?)?", rule) and territory != "-":
            level, _, code = territory.partition(":")
            node = tree.index.get((level, code), -1)
            if level in levels and _stands_in(tree, node, top):
                return False
    return True


def _check_received(
    notes: Notebook, cascade: Cascade, part: Mapping[str, Any], folder: RunFolder
) -> None:
    """Compare the limits handed down with what the plan of the step above gives the part."""
    above = cascade.above(part)
    if above not in cascade.steps or not cascade.steps[above].has("allocation.csv"):
        notes.wrong(_record_of(cascade, str(part["step"])), above, saying("handed down nothing"))
        return
    allocation = cascade.steps[above].table("allocation.csv")
    for hand in cascade.hands_of(part):
        rule = (folder.scenario.get("rules") or {}).get(hand["rule"])
        if rule is None:
            continue
        limits = Model(folder.scenario, folder.path, folder.inputs).table(rule["at_most"])
        for year, measure, limit in _limit_rows(limits):
            measures = {measure} if measure else measures_of(cascade, rule)
            received = amount(allocation, str(part["territory"]), measures, year, hand)
            where = (f"{_folder_of(cascade, str(part['step']))}/{limits.file}", year, "limit")
            notes.near(where, limit, received, tolerance=AGREE * max(1.0, received))
        expected = len(cascade.model.years)
        if hand.get("by_measure"):
            expected *= len(measures_of(cascade, rule))
        if len(limits.rows) != expected:
            notes.wrong(limits.file, "", "rows", len(limits.rows), expected)


def _limit_rows(table: Table) -> Iterator[tuple[str, str, float]]:
    years, limits = table.column("year"), table.numbers("limit")
    measures = table.column("measure") if "measure" in table.header else [""] * len(years)
    yield from zip(years, measures, limits, strict=True)


def measures_of(cascade: Cascade, rule: Mapping[str, Any]) -> set[str]:
    """Measures that a rule sums."""
    stated = cascade.folder.scenario["measures"]
    if rule.get("measure"):
        return {str(rule["measure"])}
    if rule.get("measures"):
        return set(rule["measures"])
    if rule.get("envelope"):
        return {n for n, m in stated.items() if (m or {}).get("envelope") == rule["envelope"]}
    return set(stated)


def amount(
    allocation: Table, territory: str, measures: set[str], year: str, hand: Mapping[str, Any]
) -> float:
    """Sum what a plan gives a territory in some measures and one year."""
    keys = zip(
        *(allocation.column(name) for name in ("level", "territory", "measure", "year")),
        allocation.numbers(hand.get("in", "credits")),
        strict=True,
    )
    return max(
        0.0,
        math.fsum(
            value
            for level, code, measure, when, value in keys
            if f"{level}:{code}" == territory
            and measure in measures
            and when == year
            and not math.isnan(value)
        ),
    )


def _check_integrated(notes: Notebook, cascade: Cascade, folder: RunFolder) -> None:
    """All active rules of all steps with the nation's objectives."""
    file = _record_of(cascade, INTEGRATED)
    for key in (*DECIDED, "indicators", "territories"):
        _same(notes, file, key, folder.stated.get(key), cascade.folder.stated.get(key))
    rules = dict(folder.scenario.get("rules") or {})
    levels = [str(step["decide_at"]) for step in cascade.folder.scenario["cascade"]["steps"]]
    wanted = [
        _at(rule, level)
        for step, level in enumerate(levels)
        for name, rule in cascade.rules.items()
        if cascade.of_step(name, step)
    ]
    for part in cascade.parts:
        own, level = part["stated"].get("rules") or {}, cascade.level_of(part)
        handed = {hand["rule"] for hand in cascade.hands_of(part)}
        for name in (n for n in own if n not in handed):
            rule = _of_part(own[name], str(part["territory"]))
            wanted.append(rule if level == cascade.lower else _at(rule, level))
    found = [_unnamed(rule) for rule in rules.values()]
    for rule in map(_unnamed, wanted):
        if rule in found:
            found.remove(rule)
        else:
            notes.wrong(
                file, str(rule.get("kind")), saying("a rule of a step is absent"), "", str(rule)
            )
    for rule in found:
        notes.wrong(file, str(rule.get("kind")), saying("a rule is of no step"), str(rule))


def _unnamed(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule without the name of another it reads, which is changed where parts have the same."""
    return {**rule, "of": True} if "of" in rule else dict(rule)


def _at(rule: Mapping[str, Any], level: str) -> dict[str, Any]:
    """A rule with the level that decides written by its name."""
    if "territory" not in _groups(rule):
        return dict(rule)
    return {**rule, "by": [level if group == "territory" else group for group in _groups(rule)]}


def _of_part(rule: Mapping[str, Any], territory: str) -> dict[str, Any]:
    """A rule of a part as it stands beside the others."""
    chosen = rule.get("territories")
    cut = dict(rule)
    if isinstance(chosen, dict):
        cut["where"] = chosen
    if not isinstance(chosen, list):
        cut["territories"] = [territory]
    return cut


def _cut(cascade: Cascade, rule: Mapping[str, Any], territory: str) -> dict[str, Any] | None:
    """An inherited rule with the territories and adjustments of a part; None without any left."""
    tree = cascade.model.tree
    top = tree.find(territory)

    def inside(written: object) -> bool:
        return _stands_in(tree, tree.find(str(written)), top)

    cut = dict(rule)
    if isinstance(rule.get("territories"), list):
        nodes = {t: tree.find(str(t)) for t in rule["territories"]}
        # a territory above the part names all of it
        above = {t for t, node in nodes.items() if node != top and _stands_in(tree, top, node)}
        named = [territory if t in above else t for t in nodes]
        cut["territories"] = [t for t in dict.fromkeys(named) if inside(t)]
        if not cut["territories"]:
            return None
    if isinstance(rule.get("adjust"), list):
        moves = rule["adjust"]
        cut["adjust"] = [m for m in moves if "territory" not in m or inside(m["territory"])]
    return cut


def _stands_in(tree: Territories, node: int, top: int) -> bool:
    while node >= 0 and node != top:
        node = int(tree.parent[node])
    return node == top


def _depth(rule: Mapping[str, Any], tree: Territories) -> int:
    """Return how far below the top the territories that a rule names stand."""
    depths = [tree.levels.index(group) for group in _groups(rule) if group in tree.levels]
    named = rule.get("territories")
    if isinstance(named, list):
        depths += [tree.levels.index(tree.key[tree.find(str(t))][0]) for t in named]
    return max(depths, default=0)


def _seen_from(
    objectives: Mapping[str, Mapping[str, Any]], level: str, tree: Territories
) -> dict[str, Mapping[str, Any]]:
    """Objectives as a step measures them that decides at a level, and sees nothing below it."""
    depth = tree.levels.index(level)
    return {
        name: {**spec, "level": level}
        if spec.get("level") and tree.levels.index(str(spec["level"])) > depth
        else spec
        for name, spec in objectives.items()
    }


def _groups(rule: Mapping[str, Any]) -> list[Any]:
    by = rule.get("by")
    return list(by) if isinstance(by, list) else [] if by is None else [by]


def _same_entries(
    notes: Notebook, file: str, section: str, found: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    for name in sorted({*found, *wanted}):
        _same(notes, file, f"{section}.{name}", found.get(name), wanted.get(name))


def _same(notes: Notebook, file: str, key: str, found: object, wanted: object) -> None:
    if found != wanted:
        notes.wrong(file, key, saying("is not what the whole states"), str(found), str(wanted))


def _folder_of(cascade: Cascade, step: str) -> str:
    return cascade.steps[step].path.relative_to(cascade.folder.path).as_posix()


def _record_of(cascade: Cascade, step: str) -> str:
    return f"{_folder_of(cascade, step)}/run.json"
