"""The scenarios of a cascade: the nation's, each part's, and everything decided at once."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perequa.cascade.handing import HANDED, Limits, limit_table
from perequa.cascade.reading import INTEGRATED, NATION, SECTIONS
from perequa.cascade.rules import grouped_by
from perequa.io.table_files import InputFile
from perequa_models.figures.arrays import national_initial

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perequa.cascade.reading import CascadeRead, Part, Stage
    from perequa.io.scenario_files import RawScenario
    from perequa_models.instance import Instance
    from perequa_models.problems import Path
    from perequa_models.tree import Tree

OF_THE_WHOLE = ("cascade", "mode", "variants", "sensitivity")
"""Sections that no single step has."""
LONGEST_NAME = 60

Data = dict[Any, Any]


def nation_scenario(read: CascadeRead) -> RawScenario:
    """Write the scenario of the first step: the file itself, decided at the top.

    An objective measured below is measured at the top, which is all that the nation decides:
    what a mean over a region hides is the price of deciding so.
    """
    data = _of_all(read, NATION)
    data["decide_at"] = read.upper
    data["rules"] = copy.deepcopy(dict(read.nation))
    _measured_where_decided(data, read.tree, read.upper)
    return _named(read.raw, data, NATION)


def part_scenario(
    read: CascadeRead, part: Part, initial: Mapping[str, float], limits: Limits
) -> RawScenario:
    """Write the scenario of one part of the nation.

    Parameters
    ----------
    read, part
        The cascade, and the territory that decides.
    initial
        Rate of the whole country before the plan, by indicator: the part's tables do not tell it.
    limits
        What the part received.
    """
    stated, stage = part.stated.data, read.stages[part.stage]
    data = _of_all(read, part.step)
    data.pop("choices", None)
    # envelopes are built by the nation: a part has what it received
    data.pop("campaign", None)
    data |= {key: copy.deepcopy(stated[key]) for key in SECTIONS if key in stated}
    for key in ("tie_break", "reference"):
        if key not in stated:
            data.pop(key, None)
    data["title"] = f"{data.get('title') or read.raw.name}: {part.territory.name}"
    data["decide_at"] = stage.decide_at
    _measured_where_decided(data, read.tree, stage.decide_at)
    data["territories"]["within"] = part.territory.id
    for name, rate in initial.items():
        data["indicators"][name]["national_initial"] = rate
    inherited = _inherited(read, part, stage.inherited)
    own = copy.deepcopy(stated.get("rules") or {})
    handed, files = _handed(read, stage, own, limits)
    data["rules"] = inherited | own | handed
    raw = replace(
        read.raw,
        origins=_laid_over(read.raw.origins, part.stated.origins, inherited),
        keys=_laid_over(read.raw.keys, part.stated.keys, inherited),
        overwritten=(*read.raw.overwritten, *part.stated.overwritten),
        files={**read.raw.files, **part.stated.files, **files},
    )
    return _named(raw, data, part.step)


def integrated_scenario(read: CascadeRead) -> RawScenario:
    """Write all active rules of all steps with the nation's objectives: everything at once.

    Rules of the nation by ``territory`` stay between the territories at the top; those of a part
    are restricted to it, and named after it.
    """
    data = _of_all(read, INTEGRATED)
    data["decide_at"] = read.lower
    rules: Data = {}
    for name, rule in read.nation.items():
        rules[name] = _by(copy.deepcopy(rule), "territory", read.upper)
    for stage in read.stages:
        for name, rule in stage.inherited.items():
            restated = name if name not in rules else _unused(f"{name}_below", rules)
            rules[restated] = _by(copy.deepcopy(rule), "territory", stage.decide_at)
    origins = dict(read.raw.origins)
    for part in read.parts:
        stage, own = read.stages[part.stage], part.stated.data.get("rules") or {}
        handed = {hand.rule for hand in stage.hands}
        names = {n: _unused(_suffixed(n, part.step), rules) for n in own if n not in handed}
        for name, restated in names.items():
            cut = _restricted(own[name], part, names)
            last = stage.decide_at == read.lower
            rules[restated] = cut if last else _by(cut, "territory", stage.decide_at)
            for path, origin in part.stated.origins.items():
                if path[:2] == ("rules", name):
                    origins["rules", restated, *path[2:]] = origin
    data["rules"] = rules
    files = {key: f for part in read.parts for key, f in part.stated.files.items()}
    raw = replace(read.raw, origins=origins, files={**read.raw.files, **files})
    return _named(raw, data, INTEGRATED)


def initial_rates(instance: Instance) -> dict[str, float]:
    """Rate of the whole country before the plan, by indicator."""
    return {n: national_initial(instance.tree, i) for n, i in instance.indicators.items()}


def without_rules(raw: RawScenario, names: Iterable[str]) -> RawScenario:
    """Return a scenario without some of its rules."""
    gone = set(names)
    rules = {name: rule for name, rule in raw.data["rules"].items() if name not in gone}
    return replace(raw, data={**raw.data, "rules": rules})


def _of_all(read: CascadeRead, step: str) -> Data:
    """What every step takes from the whole, under a name of its own."""
    kept = {key: value for key, value in read.raw.data.items() if key not in OF_THE_WHOLE}
    data: Data = copy.deepcopy(kept)
    data["name"] = _slug(read.raw.name, step)
    return data


def _named(raw: RawScenario, data: Data, step: str) -> RawScenario:
    return replace(
        raw,
        name=data["name"],
        column_name=f"{raw.column_name}-{step}",
        data=data,
        findings=(),
    )


def _slug(name: str, step: str) -> str:
    """Return a name that the format accepts."""
    ending = "-" + re.sub(r"[^a-z0-9_.-]", "-", step.lower())
    return name[: LONGEST_NAME - len(ending)] + ending[:LONGEST_NAME]


def _suffixed(name: str, step: str) -> str:
    ending = "_" + re.sub(r"[^a-z0-9_]", "_", step.lower())
    return name[: LONGEST_NAME - len(ending)] + ending


def _unused(name: str, taken: Mapping[str, object]) -> str:
    """Return a name that no other rule has."""
    free, i = name, 2
    while free in taken:
        free = f"{name[: LONGEST_NAME - 4]}_{i}"
        i += 1
    return free


def _laid_over(
    whole: Mapping[Path, Any], part: Mapping[Path, Any], inherited: Mapping[str, Any]
) -> dict[Path, Any]:
    """Places of the whole, except in the sections that a part states."""
    kept = {
        path: origin
        for path, origin in whole.items()
        if not path or path[0] not in SECTIONS or (len(path) > 1 and path[1] in inherited)
    }
    return kept | {path: o for path, o in part.items() if path and path[0] in SECTIONS}


def _measured_where_decided(data: Data, tree: Tree, level: str) -> None:
    """Measure the objectives of a step no finer than it decides: it does not see below."""
    depth = tree.levels.index(level)
    for objective in data["objectives"].values():
        stated = objective.get("level")
        if stated in tree.levels and tree.levels.index(stated) > depth:
            objective["level"] = level


def _inherited(read: CascadeRead, part: Part, inherited: Mapping[str, Data]) -> Data:
    """Rules that the whole leaves to a part, cut to its territories."""
    rules = {}
    for name, rule in inherited.items():
        cut = copy.deepcopy(rule)
        named = cut.get("territories")
        if isinstance(named, list):
            cut["territories"] = _named_inside(read.tree, named, part)
            if not cut["territories"]:
                continue
        moves = cut.get("adjust")
        if isinstance(moves, list):
            cut["adjust"] = [
                m for m in moves if "territory" not in m or _inside(read.tree, m["territory"], part)
            ]
        rules[name] = cut
    return rules


def _named_inside(tree: Tree, named: list[Any], part: Part) -> list[Any]:
    """Return the territories of a list that stand in a part; one above it names all of the part."""
    own = part.territory.id
    above = _ids_up(tree, own)[1:]
    kept = [own if isinstance(t, str) and _id(tree, t) in above else t for t in named]
    return list(dict.fromkeys(t for t in kept if _inside(tree, t, part)))


def _inside(tree: Tree, written: Any, part: Part) -> bool:  # noqa: ANN401 - plain data
    """Whether a territory as written stands in a part; one not clear is left to the checks."""
    if not isinstance(written, str) or not _id(tree, written):
        return True
    return part.territory.id in _ids_up(tree, written)


def _id(tree: Tree, written: str) -> str:
    """Return the identifier of a territory as written; empty where it is not clear."""
    node = tree.find(written)
    return tree.nodes[node].id if isinstance(node, int) else ""


def _ids_up(tree: Tree, written: str) -> list[str]:
    """Return a territory that is clear and those above it, up to the top."""
    node, found = tree.find(written), []
    while isinstance(node, int) and node >= 0:
        found.append(tree.nodes[node].id)
        node = int(tree.parent[node])
    return found


def _handed(
    read: CascadeRead, stage: Stage, own: Data, limits: Limits
) -> tuple[Data, dict[str, InputFile]]:
    """Rules whose limit is what was handed down, with the tables of these limits."""
    rules, files = {}, {}
    for hand in stage.hands:
        kind = "envelope" if hand.in_ == "credits" else "contingent"
        rule = own.get(hand.rule, {"kind": kind})
        key = f"{HANDED}/{hand.rule}.csv"
        while key in read.raw.files:
            key = f"_{key}"
        by = ["measure", "year"] if hand.by_measure else ["year"]
        rules[hand.rule] = {**rule, "in": hand.in_, "by": by, "at_most": {"file": key}}
        content = limit_table(limits[hand.rule])
        files[key] = InputFile(key=key, path=read.raw.folder / key, content=content)
    return rules, files


def _by(rule: Data, word: str, level: str) -> Data:
    """Write the level that decides by its name."""
    if word in grouped_by(rule):
        rule["by"] = [level if group == word else group for group in grouped_by(rule)]
    return rule


def _restricted(rule: Data, part: Part, names: Mapping[str, str]) -> Data:
    """Restrict a rule of a part to its territories; rules it reads have their new names."""
    cut = copy.deepcopy(rule)
    chosen = cut.get("territories")
    if isinstance(chosen, dict) and "where" not in cut:
        cut["where"] = chosen  # a condition on a column may stand in either
    if not isinstance(chosen, list):
        cut["territories"] = [part.territory.id]
    if cut.get("of") in names:
        cut["of"] = names[cut["of"]]
    return cut
