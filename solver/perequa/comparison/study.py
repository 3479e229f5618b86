"""The comparison as a whole: sides, tables, attribution, and the folder they are saved in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perequa.checks.plain import Plain, lay_out
from perequa.comparison.attribution import (
    EXACT_AT_MOST,
    Attribution,
    Combinations,
    attribute,
)
from perequa.comparison.changes import Change, changes_between
from perequa.comparison.differences import differences
from perequa.comparison.figures import Figure, results_of, shares_of
from perequa.comparison.notes import common_level, notes_of
from perequa.comparison.people import Yardsticks
from perequa.comparison.record import study_record
from perequa.comparison.results import equity_table, objectives_table, prices_table
from perequa.comparison.shapley import near
from perequa.comparison.shares import shares_table
from perequa.comparison.sides import parsed, side_of, with_names_apart
from perequa.comparison.tables import attribution_table, inputs_table, scenarios_table
from perequa.comparison.winners import bands_table, standings, winners_table
from perequa.io.findings import InvalidInput
from perequa.io.run_folder import COMPARISON, check_replaceable, write_folder
from perequa.optimum import Clock
from perequa.report.texts import csv_bytes, json_bytes
from perequa.words import words_in
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.comparison.attribution import Effort
    from perequa.comparison.sides import Side
    from perequa.interpret.tables import Table
    from perequa.words import Words

STUDY = "study.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What leads from the scenario compared with to another one.

    Attributes
    ----------
    side
        The other one.
    changes
        What differs in the inputs, gathered; empty when one of the two could not be read.
    attribution
        How much each change moves; None when one of the two has no plan.
    """

    side: Side
    changes: tuple[Change, ...]
    attribution: Attribution | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Runs and scenarios side by side.

    Attributes
    ----------
    sides
        All of them, in the order given.
    base
        The one the others are compared with: the first that has a plan.
    level
        The level of territories compared; empty when fewer than two have a plan.
    against
        The others.
    tables
        Tables by file name without its ending.
    notes
        What a reader must know: what is not comparable, what is missing.
    folder, fingerprint
        Where it is saved.
    seconds
        Time of each stage.
    record
        What ``study.json`` holds.
    """

    sides: tuple[Side, ...]
    base: Side
    level: str
    against: tuple[Against, ...]
    tables: Mapping[str, Table]
    notes: tuple[str, ...]
    folder: Path
    fingerprint: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)


def compare(
    arguments: Sequence[str], output: Path | None, effort: Effort, lang: str = "en"
) -> Comparison:
    """Set runs and scenarios side by side, share their differences between changes, save all.

    Parameters
    ----------
    arguments
        Two at least: run folders, scenario files or folders, names of shipped scenarios; a
        scenario may be followed by ``@variant+variant``.
    output
        Folder to write to; by default ``results/<first>-compare``.
    effort
        How contributions are worked out beyond six changes.
    lang
        Language of sentences, recorded in ``study.json``.

    Raises
    ------
    UsageError
        When arguments cannot be compared as asked, or the folder cannot be replaced.
    RunFolderWrong
        When a run folder was changed after it was written.
    InvalidInput
        When fewer than two could be read: there is nothing to compare.
    """
    clock, words = Clock(), words_in(lang)
    asked = parsed(arguments)
    runs = [Path(one.source) for one in asked if one.is_run]
    if output is not None:
        _check_destination(output, runs)  # before anything is solved
    with clock.stage("read and solve"):
        sides = with_names_apart([side_of(one, words) for one in asked])
    readable = [side for side in sides if side.raw is not None]
    if len(readable) < 2:
        raise InvalidInput([finding for side in sides for finding in side.findings])
    folder = output or Path("results") / f"{_file_name(sides[0].name)}-compare"
    _check_destination(folder, runs)
    planned = [side for side in sides if side.has_plan]
    base = planned[0] if planned else readable[0]
    plain = {side.name: lay_out(side.raw) for side in readable if side.raw is not None}
    level = common_level(planned)
    with clock.stage("attribute"):
        against = tuple(
            _against(base, side, plain, level, effort, words) for side in sides if side is not base
        )
    with clock.stage("tables"):
        tables = _tables(base, sides, plain, level, against)
    notes = notes_of(sides, base, level, words) + _unexplained(base, against, level, words)
    found = Comparison(
        sides=sides,
        base=base,
        level=level,
        against=against,
        tables=tables,
        notes=notes,
        folder=folder,
        fingerprint="",
        seconds=dict(clock.seconds),
    )
    files = {f"{name}.csv": csv_bytes(table) for name, table in tables.items()}
    record = study_record(found, arguments, effort, lang)
    files[STUDY] = json_bytes(record)
    return replace(found, record=record, fingerprint=write_folder(folder, files, COMPARISON))


def _file_name(name: str) -> str:
    """Return a name that is one folder: an argument given as a path may hold separators."""
    return "".join(c if c.isalnum() or c in "-_.+" else "-" for c in name).strip("-.") or "study"


def _check_destination(folder: Path, runs: Sequence[Path]) -> None:
    """Refuse to replace anything but an earlier comparison.

    Raises
    ------
    UsageError
        When a run folder, another study or anything else stands there.
    """
    check_replaceable(folder, COMPARISON)
    if any(folder.resolve() == run.resolve() for run in runs):
        message = f"{folder} is one of the runs compared: name another folder with -o"
        raise UsageError(message)


def _against(
    base: Side,
    side: Side,
    plain: Mapping[str, Plain],
    level: str,
    effort: Effort,
    words: Words,
) -> Against:
    first, other = plain.get(base.name), plain.get(side.name)
    if first is None or other is None:
        return Against(side=side, changes=(), attribution=None)
    changes = changes_between(first, other)
    able = all(s.has_plan and s.instance is not None for s in (base, side))
    if not able:
        return Against(side=side, changes=changes, attribution=None)
    moving = [change for change in changes if not change.idle]
    if effort.exact and len(moving) > EXACT_AT_MOST:
        message = (
            f"--exact: {len(moving)} changes lead from {base.name} to {side.name}, at most "
            f"{EXACT_AT_MOST} can be combined exactly: leave --exact out, or compare nearer ones"
        )
        raise UsageError(message)
    combinations = Combinations(
        first=first,
        other=other,
        changes=moving,
        level=level,
        known={0: _known(base, level), (1 << len(moving)) - 1: _known(side, level)},
    )
    idle = [change.name for change in changes if change.idle]
    return Against(
        side=side, changes=changes, attribution=attribute(combinations, idle, effort, words)
    )


def _known(side: Side, level: str) -> dict[Figure, float]:
    return shares_of(side.tables, level) | results_of(side.tables)


def _tables(
    base: Side,
    sides: Sequence[Side],
    plain: Mapping[str, Plain],
    level: str,
    against: Sequence[Against],
) -> dict[str, Table]:
    readable = [plain[side.name] for side in sides if side.name in plain]
    names = [side.name for side in sides if side.name in plain]
    planned = [base, *(s for s in sides if s.has_plan and s is not base)] if base.has_plan else []
    changes = {item: c.name for one in against for c in one.changes for item in c.items}
    tables = {
        "scenarios": scenarios_table(sides, against),
        "inputs": inputs_table(names, differences(readable), changes),
    }
    measured = [Yardsticks(side, level) for side in planned] if level else []
    currency = _currency(base)
    tables["shares"] = shares_table(measured, currency)
    found = standings(measured)
    tables["winners"] = winners_table(found)
    tables["bands"] = bands_table(found)
    tables["equity"] = equity_table(planned)
    tables["objectives"] = objectives_table(planned)
    tables["prices"] = prices_table(planned)
    tables["attribution"] = attribution_table(base, against, currency)
    return tables


def _currency(side: Side) -> str:
    return str(side.raw.data.get("currency", "EUR")) if side.raw is not None else "EUR"


def _unexplained(
    base: Side, against: Sequence[Against], level: str, words: Words
) -> tuple[str, ...]:
    """Say where results differ although no input does: another version made one of the runs."""
    notes = []
    for one in against:
        if one.attribution is None or one.attribution.method != "none":
            continue
        first, other = _known(base, level), _known(one.side, level)
        if any(not near(first[f], other[f]) for f in first.keys() & other.keys()):
            notes.append(
                words.phrase(
                    "{first} and {second} differ although no input that matters does: one of them "
                    "was solved by another version",
                    first=base.name,
                    second=one.side.name,
                )
            )
    return tuple(notes)
