"""Every program of a cascade checked, nothing solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.cascade.handing import unknown_limits
from perequa.cascade.programs import (
    initial_rates,
    integrated_scenario,
    nation_scenario,
    part_scenario,
    without_rules,
)
from perequa.cascade.reading import is_cascade, read_cascade
from perequa.checks import Loaded, check
from perequa.io.findings import InvalidInput
from perequa.io.scenario_files import read_scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perequa.cascade.reading import CascadeRead, Part
    from perequa.io.findings import Finding
    from perequa.io.scenario_files import RawScenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A cascade whose programs can all be written.

    Attributes
    ----------
    read
        Who decides what.
    nation, integrated
        The first step, and everything decided at once.
    idle
        For each part, the inherited rules that speak of none of its territories.
    findings
        Warnings of all programs, each once.
    """

    read: CascadeRead
    nation: Loaded
    integrated: Loaded
    idle: dict[str, frozenset[str]]
    findings: tuple[Finding, ...]


def check_cascade(raw: RawScenario) -> Checked:
    """Check everything a cascade states, program by program.

    Parameters
    ----------
    raw
        The scenario as read.

    Raises
    ------
    InvalidInput
        With every finding of every program, each once, when one is an error.
    """
    read = read_cascade(raw)
    findings = [*read.findings]
    nation = check(nation_scenario(read))
    findings.extend(nation.findings)
    initial = initial_rates(nation.instance)
    idle: dict[str, frozenset[str]] = {}
    for part in read.parts:
        try:
            raw_part = part_scenario(read, part, initial, unknown_limits(read, part))
            idle[part.step], loaded = check_part(read, part, raw_part)
            findings.extend(loaded.findings)
        except InvalidInput as error:
            findings.extend(error.findings)
    _stop_if_wrong(findings)
    try:
        integrated = check(integrated_scenario(read))
    except InvalidInput as error:
        findings.extend(error.findings)
        _stop_if_wrong(findings)
        raise
    return Checked(
        read=read,
        nation=nation,
        integrated=integrated,
        idle=idle,
        findings=_once([*findings, *integrated.findings]),
    )


def check_part(read: CascadeRead, part: Part, raw: RawScenario) -> tuple[frozenset[str], Loaded]:
    """Check a part; inherited rules that speak of none of its territories are left out.

    Raises
    ------
    InvalidInput
        When anything else is wrong.
    """
    try:
        return frozenset(), check(raw)
    except InvalidInput as error:
        own = part.stated.data.get("rules") or {}
        empty = {f.key for f in error.findings if f.code == "matches_nothing"}
        idle = {
            name
            for name in read.stages[part.stage].inherited
            if name not in own and any(key.split(".")[:2] == ["rules", name] for key in empty)
        }
        if not idle:
            raise
    return frozenset(idle), check(without_rules(raw, idle))


def _stop_if_wrong(findings: list[Finding]) -> None:
    if any(finding.severity == "error" for finding in findings):
        raise InvalidInput(_once(findings))


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once: parts share files and tables."""
    return tuple(dict.fromkeys(findings))


def check_any(source: str, variants: Sequence[str] = (), sets: Sequence[str] = ()) -> Loaded:
    """Check everything a scenario states, every program of a cascade; nothing is solved.

    Of a cascade the instance is that of the integrated program: all rules of all steps.

    Raises
    ------
    InvalidInput, UsageError
        As for `checks.load`.
    """
    raw = read_scenario(source, variants, sets)
    if not is_cascade(raw):
        return check(raw)
    checked = check_cascade(raw)
    whole = checked.integrated
    return Loaded(
        raw=raw,
        instance=whole.instance,
        reference=whole.reference,
        findings=checked.findings,
    )
