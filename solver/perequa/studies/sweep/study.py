"""A sweep from a compiled scenario to its saved folder."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa.report.files import json_bytes
from perequa.report.record import base_record, input_files
from perequa.studies.study import Answer, run_study
from perequa.studies.sweep.acceptability import Acceptability
from perequa.studies.sweep.asking import OPTIMAL, STATUSES, share_columns, shares
from perequa.studies.sweep.design import design_of, drawn, lattice
from perequa.studies.sweep.ordering import chunks
from perequa.studies.sweep.parquet import need_parquet, write_points
from perequa.studies.sweep.store import Store
from perequa.studies.sweep.weights import check_weightings, priority_of, unique, untied, weighed
from perequa.studies.sweep.workers import answers
from perequa.studies.weights import value_columns
from perequa.studies.words import sweep_text
from perequa.words import SOURCE
from perequa_models.errors import UsageError
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from perequa.io.table_files import InputFile
    from perequa.studies.prepared import Floats, Prepared
    from perequa.studies.study import FinishedStudy, Source
    from perequa.studies.sweep.asking import Found, Question
    from perequa.studies.sweep.design import Design
    from perequa.studies.sweep.ordering import Indices

POINTS = "points.parquet"


def _silent(*_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which points, and what of each.

    Attributes
    ----------
    objectives
        Objectives whose weights are drawn; none for the scenario's own choice.
    samples, seed, arrangement
        How many points, drawn how; None where they are read.
    design
        The table of points; None where they are drawn.
    plan
        Whether shares come from the optimum the solver ends at, or from the published plan.
    against
        What shares are compared with: the scenario's own plan, or the circular's allocation.
    """

    objectives: tuple[str, ...] = ()
    samples: int | None = None
    seed: int = 0
    arrangement: Literal["dirichlet", "lattice"] = "dirichlet"
    design: InputFile | None = None
    plan: Literal["untied", "unique"] = "untied"
    against: Literal["plan", "reference"] = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whom to tell how a sweep goes on.

    Attributes
    ----------
    said
        Told in a sentence what happened.
    done
        Told how many points are answered, of how many.
    """

    said: Callable[[str], None] = field(default=_silent)
    done: Callable[[int, int], None] = field(default=_silent)


def run_sweep(
    source: Source,
    asked: Asked,
    recorded: Mapping[str, object],
    destination: Callable[[str], Path],
    executor: Executor | None = None,
    watch: Watch | None = None,
) -> FinishedStudy:
    """Answer every point of a sweep and save what was found.

    Parameters
    ----------
    source, asked
        The scenario, and what is asked of it.
    recorded
        The options as typed, for ``study.json``.
    destination
        Gives the study folder of a scenario column. Answers are kept beside it until it is
        written, so that a sweep cut off goes on where it stopped.
    executor
        Who answers the chunks; None for this process. The answer does not depend on it.
    watch
        Whom to tell how it goes on.

    Raises
    ------
    UsageError
        When the points make no sense for this scenario, or pyarrow is not installed.
    InvalidScenario, Infeasible, NotProven
        As `run_study`.
    """
    need_parquet()
    folders: list[Path] = []

    def ask(prepared: Prepared) -> Answer:
        folder = destination(prepared.name)
        folders.append(folder.parent / f".{folder.name}.sweep")
        return sweep_study(prepared, asked, folders[0], executor, watch or Watch())

    finished = run_study("sweep", source, recorded, ask, destination)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return finished


def sweep_study(
    prepared: Prepared,
    asked: Asked,
    kept: Path,
    executor: Executor | None = None,
    watch: Watch | None = None,
) -> Answer:
    """Answer every point of a sweep.

    Parameters
    ----------
    prepared
        The compiled scenario.
    asked
        Which points, and what of each.
    kept
        Folder where answers are kept until all are there; left to the caller to remove.
    executor, watch
        As for `run_sweep`.
    """
    watch = watch or Watch()
    design, priority = weightings(prepared, asked)
    make = untied if asked.plan == "untied" else unique
    question = make(prepared, design.names, priority)
    against = _compared(prepared, asked.against)
    order = chunks(design.points)
    store = Store(kept, _fingerprint(prepared, asked, design))
    if store.started_anew:
        watch.said("an earlier sweep asked something else: its answers are thrown away")
    _answer_all(store, question, design, order, executor, watch)
    counted = Acceptability(prepared.instance, against)
    told = [0] * len(STATUSES)
    programs = 0
    for _, found in _kept(store, order):
        counted.add(found.shares[found.status == OPTIMAL])
        programs += int(found.programs[0])
        for code in found.status:
            told[code] += 1
    write_points(kept / POINTS, design, _columns(prepared, design), _kept(store, order))
    tables = {"acceptability": counted.table(), "ranks": counted.ranks()}
    return Answer(
        tables=tables,
        text=sweep_text(len(design.points), design.names, priority, asked.plan, asked.against,
                        tables["acceptability"]),
        facts={
            "priority": priority,
            "points": len(design.points),
            "chunks": len(order),
            "status_of_points": dict(zip(STATUSES, told, strict=True)),
            "points_columns": list(_columns(prepared, design)),
            "programs_solved": programs,
        },
        files={} if asked.design is None else {"inputs/design.csv": asked.design.content},
        large={POINTS: kept / POINTS},
    )  # fmt: skip


def weightings(prepared: Prepared, asked: Asked) -> tuple[Design, int]:
    """Return the weightings asked for, and the priority whose weights they replace.

    Raises
    ------
    UsageError
        When they make no sense for this scenario.
    InvalidInput
        When the table of points cannot be read.
    """
    scenario = prepared.instance.scenario
    if asked.design is not None:
        design = design_of(asked.design)
        priority = priority_of(scenario, design.names, "--design")
        check_weightings(design)
        return design, priority
    if asked.samples is None:
        raise UsageError("how many points? --samples N draws them, --design FILE reads them")
    names = weighed(scenario, asked.objectives)
    priority = priority_of(scenario, names, "--objective")
    if asked.arrangement == "lattice":
        return lattice(names, asked.samples), priority
    return drawn(names, asked.samples, asked.seed), priority


def _compared(prepared: Prepared, against: str) -> Floats:
    """Shares that those of every point are compared with, (S,)."""
    if against == "plan":
        return shares(prepared.plan(prepared.priorities))
    x = prepared.referred
    if np.isnan(x).all():
        raise UsageError("--against reference: the scenario has no reference at its decision level")
    return shares(Quantities(prepared.instance, np.nan_to_num(x)))


def _answer_all(
    store: Store,
    question: Question,
    design: Design,
    order: list[Indices],
    executor: Executor | None,
    watch: Watch,
) -> None:
    missing = {i: design.points[rows] for i, rows in enumerate(order) if store.read(i) is None}
    total = len(design.points)
    done = total - sum(len(points) for points in missing.values())
    if done:
        watch.said(f"going on after {done} of {total} points")
    watch.done(done, total)
    for number, found in answers(pickle.dumps(question), missing, executor):
        store.keep(number, found)
        done += len(found.status)
        watch.done(done, total)


def _kept(store: Store, order: list[Indices]) -> Iterator[tuple[Indices, Found]]:
    """Yield every chunk in the order of the sweep, whoever answered it and when."""
    for number, rows in enumerate(order):
        found = store.read(number)
        if found is None:
            message = f"{store.folder} was changed while the sweep ran"
            raise UsageError(message)
        yield rows, found


def _columns(prepared: Prepared, design: Design) -> tuple[str, ...]:
    """Name the columns of ``points.parquet``."""
    own = ("point", *(f"weight_{name}" for name in design.names), "status")
    values = value_columns(prepared.program.objective_names, own)
    return (*own, *values, *share_columns(prepared.instance))


def _fingerprint(prepared: Prepared, asked: Asked, design: Design) -> str:
    """SHA-256 of all that decides the answers: scenario, figures, versions, points, question."""
    places, inputs = input_files(prepared.loaded.raw)
    record = base_record(prepared.loaded.raw, places, prepared.options, SOURCE)
    seen = hashlib.sha256(json_bytes(record))
    for name, content in sorted(inputs.items()):
        seen.update(f"{name} {len(content)}\n".encode())
        seen.update(content)
    seen.update("\n".join((asked.plan, *design.names)).encode())
    seen.update(design.points.tobytes())
    return seen.hexdigest()
