"""The comparison as a whole: sides, tables, attribution, and the folder they are saved in."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perequa import __version__
from perequa.comparison.attribution import (
    EXACT_AT_MOST,
    Attribution,
    Combinations,
    attribute,
)
from perequa.comparison.changes import Change, changes_between
from perequa.comparison.differences import differences
from perequa.comparison.figures import Figure, levels_of, results_of, shares_of
from perequa.comparison.people import Yardsticks
from perequa.comparison.plain import Plain, lay_out
from perequa.comparison.results import equity_table, objectives_table, prices_table
from perequa.comparison.shares import shares_table
from perequa.comparison.sides import parsed, side_of, with_names_apart
from perequa.comparison.tables import attribution_table, inputs_table, scenarios_table
from perequa.comparison.winners import bands_table, standings, winners_table
from perequa.io.findings import InvalidInput
from perequa.io.run_folder import check_replaceable, write_folder
from perequa.pipeline import Clock
from perequa.report.files import csv_bytes, json_bytes
from perequa.report.record import LIBRARIES
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.comparison.attribution import Effort
    from perequa.comparison.sides import Side
    from perequa.interpret.tables import Table

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
    clock = Clock()
    asked = parsed(arguments)
    if output is not None:
        _check_destination(output, [Path(a.source) for a in asked if a.is_run])
    with clock.stage("read and solve"):
        sides = with_names_apart([side_of(one) for one in asked])
    readable = [side for side in sides if side.raw is not None]
    if len(readable) < 2:
        raise InvalidInput([finding for side in sides for finding in side.findings])
    folder = output or Path("results") / f"{_file_name(sides[0].name)}-compare"
    _check_destination(folder, [Path(a.source) for a in asked if a.is_run])
    planned = [side for side in sides if side.has_plan]
    base = planned[0] if planned else readable[0]
    plain = {side.name: lay_out(side.raw) for side in readable if side.raw is not None}
    level, notes = _level(planned)
    notes += _notes(sides, base)
    with clock.stage("attribute"):
        against = tuple(
            _against(base, side, plain, level, effort) for side in sides if side is not base
        )
    with clock.stage("tables"):
        tables = _tables(base, sides, plain, level, against)
    record = {
        "schema_version": 1,
        "perequa": __version__,
        "study": "compare",
        "asked": {
            "arguments": list(arguments),
            "exact": effort.exact,
            "orders": effort.orders,
            "seed": effort.seed,
        },
        "lang": lang,
        "compared_with": base.name,
        "level": level,
        "scenarios": [_side_record(side) for side in sides],
        "attribution": [_attribution_record(one) for one in against],
        "notes": list(notes),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
    }
    files = {f"{name}.csv": csv_bytes(table) for name, table in tables.items()}
    timings = {name: round(spent, 6) for name, spent in clock.seconds.items()}
    files[STUDY] = json_bytes(record | {"timings": timings})
    return Comparison(
        sides=sides,
        base=base,
        level=level,
        against=against,
        tables=tables,
        notes=tuple(notes),
        folder=folder,
        fingerprint=write_folder(folder, files),
        seconds=dict(clock.seconds),
    )


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
    check_replaceable(folder)
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        study = json.loads((folder / STUDY).read_text(encoding="utf-8")).get("study")
    except (OSError, ValueError, AttributeError):
        study = None
    if study != "compare" or any(folder.resolve() == run.resolve() for run in runs):
        message = f"{folder} holds something else than a comparison: name another folder with -o"
        raise UsageError(message)


def _level(planned: Sequence[Side]) -> tuple[str, list[str]]:
    """Return the finest level whose shares every side knows, and what to say of it."""
    if len(planned) < 2:
        return (levels_of(planned[0].tables)[0] if planned else ""), []
    known = [levels_of(side.tables) for side in planned]
    common = next((level for level in known[0] if all(level in k for k in known[1:])), "")
    if not common:
        return "", ["the scenarios have no level of territories in common: no shares are compared"]
    own = {levels[0] for levels in known}
    notes = [f"compared by {common}: not all decide at the same level"] if len(own) > 1 else []
    return common, notes


def _notes(sides: Sequence[Side], base: Side) -> list[str]:
    notes = []
    if base is not sides[0]:
        notes.append(f"{sides[0].name} has no plan: the others are compared with {base.name}")
    for side in sides:
        if side.has_plan and "shadow_prices" not in side.tables:
            notes.append(f"{side.name} was solved without prices")
        if side.has_plan and side.instance is None:
            notes.append(
                f"the inputs of {side.name} cannot be read by this version: no figure by person, "
                "no attribution"
            )
    return [*notes, *_not_common(sides, base)]


def _not_common(sides: Sequence[Side], base: Side) -> list[str]:
    """Say which territories and measures stand on one side only."""
    notes = []
    for side in sides:
        if side is base or not (side.has_plan and base.has_plan):
            continue
        for column in ("territory", "measure", "year"):
            own, first = (
                {str(value) for value in s.tables["allocation"].column(column)}
                for s in (side, base)
            )
            if column == "territory" and _decides(side) != _decides(base):
                continue
            for more, where, other in ((own - first, side, base), (first - own, base, side)):
                if more:
                    listed = ", ".join(sorted(more)[:5]) + (" …" if len(more) > 5 else "")
                    notes.append(f"{column} {listed}: in {where.name}, not in {other.name}")
    return notes


def _decides(side: Side) -> str:
    return levels_of(side.tables)[0]


def _against(
    base: Side, side: Side, plain: Mapping[str, Plain], level: str, effort: Effort
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
    return Against(side=side, changes=changes, attribution=attribute(combinations, idle, effort))


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


def _side_record(side: Side) -> dict[str, Any]:
    raw = side.raw
    return {
        "name": side.name,
        "argument": side.asked.written,
        "kind": "run" if side.asked.is_run else "scenario",
        "variants": [] if raw is None else list(raw.variants),
        "status": side.status,
        "exit_code": side.exit_code,
        "reason": side.reason or None,
        "fingerprint": side.fingerprint or None,
        "scenario": None if raw is None else raw.data,
        "inputs": {}
        if raw is None
        else {key: hashlib.sha256(f.content).hexdigest() for key, f in sorted(raw.files.items())},
    }


def _attribution_record(against: Against) -> dict[str, Any]:
    found = against.attribution
    return {
        "scenario": against.side.name,
        "changes": [
            {"name": c.name, "idle": c.idle, "parts": [str(item) for item in c.items]}
            for c in against.changes
        ],
        "method": None if found is None else found.method,
        "combinations_solved": 0 if found is None else found.solved,
        "refused": None if found is None else found.refused or None,
    }
