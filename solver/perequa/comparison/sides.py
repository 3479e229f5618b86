"""What is compared: run folders read from their files alone, scenarios solved in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perequa.checks import check
from perequa.checks.placing import Places
from perequa.interpret.repairs import passed_tables
from perequa.interpret.run import Failure
from perequa.interpret.tables import Table
from perequa.io.findings import findings_of
from perequa.io.read_run import RECORD, read_record, read_rows, resolved_scenario
from perequa.io.run_folder import MANIFEST
from perequa.io.scenario_files import read_scenario
from perequa.io.shipped import SCENARIO_FILE
from perequa.pipeline import solve_instance
from perequa.report.failure import failure_tables
from perequa.report.files import tables_of
from perequa.report.record import UNPROVEN, ended
from perequa.rounding import RulesStop
from perequa.verification.files import check_files, fingerprint
from perequa.words import SOURCE, told, words_in
from perequa.words.terms import amount, bound
from perequa_models.errors import (
    Infeasible,
    InvalidScenario,
    NotInThisVersion,
    NotProven,
    RunFolderWrong,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.io.findings import Finding
    from perequa.io.scenario_files import RawScenario
    from perequa.words import Words
    from perequa_models.instance import Instance

VARIANTS, JOINED = "@", "+"
NEEDED = ("allocation", "totals", "indicators", "equity", "objectives")
ENGLISH = words_in(SOURCE)
"""Comparisons are told in English only."""
READ = (*NEEDED, "shadow_prices", "conflicts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One argument of the command.

    Attributes
    ----------
    written
        The argument as given.
    source, variants
        A scenario and its variants; a run folder has none.
    is_run
        Whether it is a run folder.
    """

    written: str
    source: str
    variants: tuple[str, ...]
    is_run: bool

    @property
    def kind(self) -> str:
        """``run`` or ``scenario``."""
        return "run" if self.is_run else "scenario"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run or scenario, with a plan or without.

    Attributes
    ----------
    name
        The scenario column; when two are the same, the argument as given.
    asked
        The argument it comes from.
    status, exit_code, reason
        ``optimal``, ``infeasible``, ``invalid`` or ``limit``; its exit status; why it has no plan.
    raw, instance
        The scenario as resolved, and its figures; None when they could not be read.
    tables
        Tables by name: those of the run folder, or the same made in memory.
    findings
        What is wrong or doubtful.
    fingerprint
        That of the run folder; empty for a scenario.
    """

    name: str
    asked: Asked
    status: str
    exit_code: int
    reason: str = ""
    raw: RawScenario | None = None
    instance: Instance | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    fingerprint: str = ""

    @property
    def has_plan(self) -> bool:
        """Whether there is something to compare."""
        return self.status == "optimal" or "allocation" in self.tables


def parsed(arguments: Sequence[str]) -> tuple[Asked, ...]:
    """Read the arguments: a path, the name of a shipped scenario, or one of them ``@variant+…``.

    A path that exists is that path, whatever characters it holds.

    Raises
    ------
    UsageError
        When there are fewer than two, when two are the same, or when variants are asked of a run.
    """
    if len(arguments) < 2:
        message = "compare needs two runs or scenarios at least: perequa compare A B"
        raise UsageError(message)
    found = tuple(_asked(argument) for argument in arguments)
    seen: dict[tuple[str, tuple[str, ...]], str] = {}
    for asked in found:
        key = (_place(asked), asked.variants)
        if key in seen:
            message = f"{asked.written} and {seen[key]} are the same: compare it with another"
            raise UsageError(message)
        seen[key] = asked.written
    return found


def _asked(argument: str) -> Asked:
    source, at, rest = argument.rpartition(VARIANTS)
    if not at or _exists(argument):
        is_run = _is_run(argument)
        return Asked(written=argument, source=argument, variants=(), is_run=is_run)
    variants = tuple(rest.split(JOINED))
    if not source or not all(variants):
        message = f"{argument}: write SCENARIO{VARIANTS}variant or SCENARIO{VARIANTS}one{JOINED}two"
        raise UsageError(message)
    if _is_run(source):
        message = f"{argument}: {source} is a run folder, solved already: it takes no variant"
        raise UsageError(message)
    return Asked(written=argument, source=source, variants=variants, is_run=False)


def _place(asked: Asked) -> str:
    """Return what stands behind an argument: a scenario's folder is its file."""
    path = Path(asked.source)
    if not _exists(asked.source):
        return asked.source
    inside = path / SCENARIO_FILE
    return str((inside if not asked.is_run and inside.is_file() else path).resolve())


def _exists(path: str) -> bool:
    return "\0" not in path and Path(path).exists()


def _is_run(source: str) -> bool:
    return _exists(source) and any((Path(source) / name).is_file() for name in (MANIFEST, RECORD))


def side_of(asked: Asked, words: Words) -> Side:
    """Read a run folder, or solve a scenario in memory.

    Raises
    ------
    RunFolderWrong
        When a file of a run folder is not the one the run wrote.
    UsageError
        When a folder holds another study, or a scenario uses a word of a later version.
    """
    return _read(asked, words) if asked.is_run else _solved(asked, words)


def _read(asked: Asked, words: Words) -> Side:
    folder = Path(asked.source)
    if not (folder / RECORD).is_file() and (folder / "study.json").is_file():
        message = f"{folder} is the folder of a study, not of a run: name runs or scenarios"
        raise UsageError(message)
    wrong = [d for d in check_files(folder).disagreements if "added after" not in d.what]
    if wrong:
        message = (
            f"{folder} was changed after it was written ({wrong[0]}): nothing is compared; "
            f"perequa verify {folder} tells all"
        )
        raise RunFolderWrong(message)
    record = read_record(folder)
    raw = resolved_scenario(folder, record)
    tables = {
        name: Table(*read_rows((folder / f"{name}.csv").read_bytes()))
        for name in READ
        if (folder / f"{name}.csv").is_file()
    }
    status = str(record["status"])
    if status == "optimal" and not all(name in tables for name in NEEDED):
        missing = ", ".join(f"{name}.csv" for name in NEEDED if name not in tables)
        message = f"{folder}: {missing} missing"
        raise RunFolderWrong(message)
    return Side(
        name=raw.column_name,
        asked=asked,
        status=status,
        exit_code=int(record["exit_code"]),
        reason=_reason(status, tables, str(record.get("termination", "")), words),
        raw=raw,
        instance=_figures(raw),
        tables=tables,
        fingerprint=fingerprint(folder),
    )


def _figures(raw: RawScenario) -> Instance | None:
    try:
        return check(raw).instance
    except (InvalidScenario, NotInThisVersion):
        return None  # made by another version: its tables are compared all the same


def _solved(asked: Asked, words: Words) -> Side:
    made: dict[str, Any] = {"name": asked.written, "asked": asked}
    try:
        raw = read_scenario(asked.source, asked.variants)
        # a change that could not be made leaves another scenario than the one asked for
        made |= {"name": raw.column_name, "raw": None if _wrong(raw) else raw}
        loaded = check(raw)
        made |= {"instance": loaded.instance, "findings": loaded.findings}
        outcome = solve_instance(loaded.instance, raw.column_name, reference=loaded.reference)
    except InvalidScenario as error:
        return _invalid(made, error, words)
    except RulesStop as stop:
        tables = passed_tables(stop.run, stop.passed)
        reason = _reason("infeasible", tables, "", words)
        code = stop.exit_status
        return Side(**made, status="infeasible", exit_code=code, reason=reason, tables=tables)
    except NotProven as error:
        return Side(**made, status="limit", exit_code=error.exit_status, reason=str(error))
    except Infeasible as error:
        code = error.exit_status
        return Side(**made, status="infeasible", exit_code=code, reason=str(error))
    if isinstance(outcome, Failure):
        tables = failure_tables(outcome)
        reason = _reason("infeasible", tables, "", words)
        code = Infeasible.exit_status
        return Side(**made, status="infeasible", exit_code=code, reason=reason, tables=tables)
    end = ended(outcome.run)
    return Side(
        **made,
        status=end["status"],
        exit_code=end["exit_code"],
        reason=_reason(end["status"], {}, end["termination"], words),
        tables=tables_of(outcome.run, ENGLISH),
    )


def _wrong(raw: RawScenario) -> bool:
    return any(finding.severity == "error" for finding in raw.findings)


def _invalid(made: dict[str, Any], error: InvalidScenario, words: Words) -> Side:
    findings = findings_of(error)
    if made.get("instance") is not None:
        where = Places(made["raw"])
        findings = tuple(where.finding(problem) for problem in error.problems)
    errors = [finding for finding in findings if finding.severity == "error"]
    reason = errors[0].message if errors else words.phrase("the scenario or its data are wrong")
    if len(errors) > 1:
        reason = words.phrase("{reason} (and {count} more)", reason=reason, count=len(errors) - 1)
    made |= {"findings": findings, "instance": None}
    return Side(**made, status="invalid", exit_code=error.exit_status, reason=reason)


def _reason(status: str, tables: Mapping[str, Table], termination: str, words: Words) -> str:
    """Say in a line why a run has no plan: the shortest conflict, or how the solver ended."""
    if status == "optimal":
        return ""
    if "conflicts" not in tables:
        return told(UNPROVEN, words) if termination == UNPROVEN else termination or status
    rows = list(tables["conflicts"].records())
    clashing = [row for row in rows if row["conflict"] in (1, 1.0)]
    if clashing:
        rules = ", ".join(_limits(clashing, words))
        return words.phrase("no plan satisfies every rule: {rules}", rules=rules)
    if rows:
        rules = ", ".join(_limits(rows, words))
        return words.phrase(
            "no plan in whole places satisfies every rule; the nearest breaks {rules}", rules=rules
        )
    return words.phrase("no plan in whole places satisfies every rule")


def _limits(rows: Sequence[Mapping[str, Value]], words: Words) -> Iterator[str]:
    """Name rows of ``conflicts.csv`` with their limits."""
    for row in rows:
        limit = amount(float(row["limit"] or 0.0), str(row["unit"]), words)
        said = {"rule": row["rule"], "limit": bound(str(row["side"]), limit, words)}
        if row["territory_name"]:
            whose = row["territory_name"]
            yield words.phrase("{rule} of {territory} ({limit})", territory=whose, **said)
        else:
            yield words.phrase("{rule} ({limit})", **said)


def with_names_apart(sides: Sequence[Side]) -> tuple[Side, ...]:
    """Name by its argument what would otherwise have the name of another.

    Of folders and files the last part of their place, where that is enough to tell them apart.
    """
    names = [side.name for side in sides]
    written = [side.asked.written for side in sides]
    short = [Path(one).name or one for one in written]
    others = [names[i] if names.count(names[i]) == 1 else short[i] for i in range(len(sides))]
    apart = short if len(set(others)) == len(others) else written
    return tuple(
        replace(side, name=apart[i]) if names.count(side.name) > 1 else side
        for i, side in enumerate(sides)
    )
