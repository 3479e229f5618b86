"""Who decides what in a cascade, read from the scenario and from the files of its steps."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from perequa.cascade.rules import divide_rules, grouped_by
from perequa.checks.frame import Frame
from perequa.checks.placing import Places
from perequa.checks.schema import check_schema
from perequa.checks.table_set import TableSet
from perequa.io.findings import InvalidInput
from perequa.io.scenario_files import RawPart, read_part
from perequa_models.derive import derive_columns
from perequa_models.errors import NotInThisVersion
from perequa_models.problems import Problems, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.cascade.rules import Rule
    from perequa.io.findings import Finding
    from perequa.io.scenario_files import RawScenario
    from perequa_models.problems import Path
    from perequa_models.scenario import Cascade, CascadeStep, HandsDown, Scenario
    from perequa_models.tree import Territory, Tree

NATION, INTEGRATED = "nation", "integrated"
SECTIONS = ("rules", "objectives", "tie_break", "reference")
"""What a territory decides for itself."""
ACCEPTED = (*SECTIONS, "variants", "format", "title", "sources")
"""Sections of a step's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One territory that decides for itself.

    Attributes
    ----------
    territory
        The territory.
    stated
        The file of its rules and objectives.
    above
        The step that hands down to it.
    stage
        Which stage of the cascade it is of, from 0.
    """

    territory: Territory
    stated: RawPart
    above: str
    stage: int

    @property
    def step(self) -> str:
        """Name of its step, and of its folder."""
        return step_of(self.territory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step below the nation, which several territories carry out side by side.

    Attributes
    ----------
    decide_at
        Level between whose territories they decide.
    hands
        What is handed down to them.
    inherited
        Rules of the whole that each of them has too, and cannot lift.
    parts
        One for each territory where the step above decides, in order.
    """

    decide_at: str
    hands: tuple[HandsDown, ...]
    inherited: Mapping[str, Rule]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeRead:
    """A cascade as its planner wrote it.

    Attributes
    ----------
    raw, scenario
        The whole, merged; the same with its types.
    tree
        All territories.
    upper
        Level at which the nation decides.
    nation
        The rules of the nation.
    stages
        The steps below it, each inside what the one above handed down.
    findings
        Warnings.
    """

    raw: RawScenario
    scenario: Scenario
    tree: Tree
    upper: str
    nation: Mapping[str, Rule]
    stages: tuple[Stage, ...]
    findings: tuple[Finding, ...]

    @property
    def lower(self) -> str:
        """Level at which the last step decides."""
        return self.stages[-1].decide_at

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every territory that decides for itself, stage after stage."""
        return tuple(part for stage in self.stages for part in stage.parts)

    @property
    def inherited(self) -> frozenset[str]:
        """Rules of the whole that someone below the nation has."""
        return frozenset(name for stage in self.stages for name in stage.inherited)


def is_cascade(raw: RawScenario) -> bool:
    """Whether a scenario is decided in several steps."""
    return raw.data.get("mode") == "cascade"


def read_cascade(raw: RawScenario) -> CascadeRead:
    """Read who decides what.

    Parameters
    ----------
    raw
        The scenario, merged with what it extends, its variants and ``--set``.

    Raises
    ------
    InvalidInput
        With everything wrong with the cascade itself; its programs are checked one by one later.
    NotInThisVersion
        When the scenario uses a word whose machinery is not built yet.
    """
    if raw.data.get("projects"):
        raise NotInThisVersion(
            "mode: cascade beside projects",
            "a nation that sees regions alone cannot weigh the projects inside them: solve it with "
            "--set mode=integrated, or let each region choose in a scenario of its own, inside the "
            "envelope it received",
        )
    problems = Problems()
    scenario = check_schema(raw.data, problems)
    tables = TableSet(raw, Frame.of(raw.data), problems)
    tables.read()
    findings = [*raw.findings, *tables.unreadable]
    read = None
    if scenario is not None and not problems.errors:
        read = _steps(raw, scenario, tables, problems, findings)
    places = Places(raw, tables.tables)
    findings.extend(places.finding(problem) for problem in problems.found)
    if read is None or any(f.severity == "error" for f in findings):
        raise InvalidInput(tuple(dict.fromkeys(findings)))
    return replace(read, findings=tuple(findings))


def _steps(
    raw: RawScenario,
    scenario: Scenario,
    tables: TableSet,
    problems: Problems,
    findings: list[Finding],
) -> CascadeRead | None:
    """Read the steps of a scenario that is right otherwise; None when they make no cascade."""
    tree, cascade = tables.tree, _stated(scenario, problems)
    if tree is None or cascade is None or not _check_steps(cascade, tree, problems):
        return None
    levels = [step.decide_at for step in cascade.steps]
    # what is wrong with a formula is told by the program of whoever uses it
    columns = derive_columns(scenario, tree, tables.columns, Problems())
    nation, *inherited = divide_rules(raw.data, tree, levels, columns)
    stages = []
    for i, step in enumerate(cascade.steps[1:], start=1):
        parts = _parts(raw, i, cascade, tree, problems, findings)
        stage = Stage(
            decide_at=step.decide_at,
            hands=step.hands_down,
            inherited=inherited[i - 1],
            parts=parts,
        )
        for part in _once(parts).values():
            findings.extend(_check_part(part, stage, raw))
        stages.append(stage)
    return CascadeRead(
        raw=raw,
        scenario=scenario,
        tree=tree,
        upper=levels[0],
        nation=nation,
        stages=tuple(stages),
        findings=(),
    )


def _stated(scenario: Scenario, problems: Problems) -> Cascade | None:
    if scenario.cascade is None:
        problems.error(
            "missing_key",
            "mode: cascade needs a section cascade",
            path=("mode",),
            received="nothing",
            accepted="cascade: {steps: [{decide_at: …}, {decide_at: …, hands_down: …}]}",
            remedy="state who decides at each step, or mode: integrated",
        )
    return scenario.cascade


def _check_steps(cascade: Cascade, tree: Tree, problems: Problems) -> bool:
    """Note levels that are not those of a cascade, and what a step states in vain or not at all."""
    before = len(problems.errors)
    first = cascade.steps[0]
    for i, step in enumerate(cascade.steps):
        if step.decide_at not in tree.levels:
            problems.error(
                "unknown_level",
                f"no level {step.decide_at!r}",
                path=("cascade", "steps", i, "decide_at"),
                received=step.decide_at,
                accepted=", ".join(tree.levels),
                nearest=nearest(step.decide_at, tree.levels),
                remedy="name a level of territories.levels",
            )
    if len(problems.errors) > before:
        return False
    if first.decide_at != tree.levels[0]:
        problems.error(
            "wrong_level",
            "the first step of a cascade decides between the territories at the top",
            path=("cascade", "steps", 0, "decide_at"),
            received=first.decide_at,
            accepted=tree.levels[0],
            remedy="decide at the top level first",
        )
    if first.hands_down or first.scenario or first.own:
        problems.error(
            "unused_key",
            "the first step uses this very file, and nothing is handed down to it",
            path=("cascade", "steps", 0),
            received="hands_down, scenario or own",
            accepted="decide_at alone",
            remedy="state them in the second step",
        )
    for i, (above, step) in enumerate(pairwise(cascade.steps), start=1):
        _check_below(i, above, step, tree, problems)
    return len(problems.errors) == before


def _check_below(
    i: int, above: CascadeStep, step: CascadeStep, tree: Tree, problems: Problems
) -> None:
    """Note a step that does not decide below the one above, or to which nothing is handed down."""
    below = tree.levels[tree.levels.index(above.decide_at) + 1 :]
    if step.decide_at not in below:
        problems.error(
            "wrong_level",
            f"step {i + 1} of a cascade decides below step {i}",
            path=("cascade", "steps", i, "decide_at"),
            received=step.decide_at,
            accepted=", ".join(below) or f"a level below {above.decide_at}",
            remedy="decide at a finer level",
        )
    if not step.hands_down:
        problems.error(
            "missing_key",
            f"step {i + 1} does not say what is handed down",
            path=("cascade", "steps", i),
            received="nothing",
            accepted="hands_down: {rule: envelope, in: credits}",
            remedy="name the rule whose limit is what each territory received",
        )


def _parts(
    raw: RawScenario,
    stage: int,
    cascade: Cascade,
    tree: Tree,
    problems: Problems,
    findings: list[Finding],
) -> tuple[Part, ...]:
    """Read the file of each territory of a step; a file that several use is read once."""
    step, level = cascade.steps[stage], cascade.steps[stage - 1].decide_at
    at: Path = ("cascade", "steps", stage)
    own = _own(step, level, at, tree, problems)
    read: dict[str, RawPart | None] = {}
    parts = []
    for node in tree.at(level):
        territory = tree.nodes[node]
        written, path = own.get(int(node), (step.scenario or "", ("scenario",)))
        if not written:
            problems.error(
                "missing_key",
                f"no file says how {territory.id} ({territory.name}) decides",
                path=at,
                received="nothing",
                accepted="scenario: FILE for all, or own: {TERRITORY: FILE}",
                remedy="state scenario, or add the territory to own",
            )
            break
        if written not in read:
            read[written] = _read(raw, written, (*at, *path), problems, findings)
        stated = read[written]
        if stated is not None:
            above = _above(tree, int(node), cascade, stage)
            parts.append(Part(territory=territory, stated=stated, above=above, stage=stage - 1))
    return tuple(parts)


def _above(tree: Tree, node: int, cascade: Cascade, stage: int) -> str:
    """Name the step that hands down to a territory: the nation's, or that of who stands above."""
    if stage == 1:
        return NATION
    level = cascade.steps[stage - 2].decide_at
    while tree.nodes[node].level != level:
        node = int(tree.parent[node])
    return step_of(tree.nodes[node])


def step_of(territory: Territory) -> str:
    """Name the step of a territory, and its folder."""
    return f"{territory.level}-{territory.code}"


def _own(
    step: CascadeStep, level: str, at: Path, tree: Tree, problems: Problems
) -> dict[int, tuple[str, tuple[str, ...]]]:
    """File of each territory that has its own, by node, with the key that names it."""
    own: dict[int, tuple[str, tuple[str, ...]]] = {}
    for written, file in step.own.items():
        found = tree.find(written)
        known = [tree.nodes[node].id for node in tree.at(level)]
        if isinstance(found, int) and tree.nodes[found].level == level:
            own[found] = (file, ("own", written))
            continue
        problems.error(
            "unknown_territory",
            f"own names no {level}: {written!r}",
            path=(*at, "own", written),
            received=written,
            accepted=", ".join(known[:12]) + (" …" if len(known) > 12 else ""),
            nearest=nearest(written, known),
            remedy="write level:code",
        )
    return own


def _read(
    raw: RawScenario,
    written: str,
    path: Path,
    problems: Problems,
    findings: list[Finding],
) -> RawPart | None:
    """Read the file of a step, None (noted) where it cannot be read."""
    origin = raw.origins.get(path)
    base = posixpath.dirname(origin.file) if origin is not None and not origin.override else ""
    key = posixpath.normpath(posixpath.join(base, written))
    home = (raw.folder / base).resolve()
    outside = posixpath.isabs(written) or ".." in written.split("/") or "\\" in written
    outside |= not (raw.folder / key).resolve().is_relative_to(home)
    if outside or not (raw.folder / key).is_file():
        problems.error(
            "outside_folder" if outside else "missing_file",
            "the file of a step lies outside the folder" if outside else "no such file",
            path=path,
            received=written,
            accepted="a scenario file in the folder of the one that names it, or below",
            remedy="correct the path (with /), or copy the file there",
        )
        return None
    try:
        stated = read_part(raw.folder, key, raw.variants)
    except InvalidInput as error:
        findings.extend(error.findings)
        return None
    findings.extend(stated.findings)
    return stated


def _once(parts: tuple[Part, ...]) -> dict[int, Part]:
    """One part of each file."""
    return {id(part.stated): part for part in parts}


def _check_part(part: Part, stage: Stage, raw: RawScenario) -> list[Finding]:
    """Note sections that a step cannot state, and rules it may not touch."""
    problems = Problems()
    data = part.stated.data
    for key in data:
        if key not in ACCEPTED:
            problems.error(
                "unknown_key",
                f"the file of a step does not state {key!r}: it comes from the whole",
                path=(key,),
                received=str(key),
                accepted=", ".join(ACCEPTED),
                nearest=nearest(str(key), ACCEPTED),
                remedy="state it in the scenario itself, or drop it",
            )
    if not data.get("objectives"):
        problems.error(
            "missing_key",
            "the file of a step states no objectives",
            path=("objectives",),
            received="nothing",
            accepted="objectives",
            remedy="say what the territories minimise",
        )
    rules = data.get("rules")
    if isinstance(rules, dict):
        for name in rules:
            if name in stage.inherited:
                problems.error(
                    "inherited_rule",
                    f"the rule {name} is inherited from the whole",
                    path=("rules", name),
                    received=str(name),
                    accepted="another name",
                    remedy="give the territory's own rule another name",
                )
        for name, rule in rules.items():
            _check_restrictable(str(name), rule, problems)
        for hand in stage.hands:
            _check_handed(hand, rules.get(hand.rule), problems)
    shown = Places(_as_raw(part.stated, raw))
    return [shown.finding(problem) for problem in problems.found]


def _check_handed(hand: HandsDown, rule: Any, problems: Problems) -> None:  # noqa: ANN401 - data
    """Note what the rule of a hand-down states although it is handed down."""
    if not isinstance(rule, dict):
        return
    own_groups = ["measure", "year"] if hand.by_measure else ["year"]
    if rule.get("at_most") is not None:
        problems.warning(
            "handed_down",
            f"at_most of {hand.rule} is replaced by what is handed down",
            path=("rules", hand.rule, "at_most"),
            received=str(rule["at_most"]),
            accepted="kind, and which measures",
            remedy="drop it",
        )
    for key in ("at_least", "equals", "by", "year", "years", "adjust"):
        if key in rule and not (key == "by" and sorted(grouped_by(rule)) == own_groups):
            problems.error(
                "handed_down",
                f"{key} of {hand.rule} is what is handed down",
                path=("rules", hand.rule, key),
                received=str(rule[key]),
                accepted="kind, and which measures",
                remedy=f"drop {key}, or state it in another rule",
            )
    if rule.get("in", hand.in_) != hand.in_:
        problems.error(
            "handed_down",
            f"{hand.rule} is handed down in {hand.in_}",
            path=("rules", hand.rule, "in"),
            received=str(rule["in"]),
            accepted=hand.in_,
            remedy="drop in, or change hands_down.in",
        )


def _check_restrictable(name: str, rule: Any, problems: Problems) -> None:  # noqa: ANN401 - data
    """Note a rule that could not be restricted to one part beside the others."""
    twice = isinstance(rule, dict) and isinstance(rule.get("territories"), dict)
    if twice and "where" in rule:
        problems.error(
            "two_conditions",
            f"the rule {name} chooses territories by two conditions",
            path=("rules", name, "where"),
            received="territories: {column, equals} and where",
            accepted="one of them",
            remedy="state one column that says both",
        )


def _as_raw(part: RawPart, raw: RawScenario) -> RawScenario:
    """Lay the places of a step's file over those of the whole, for findings."""
    main = next(iter(part.files), raw.main)
    return replace(raw, data=part.data, origins=part.origins, keys=part.keys, main=main)
