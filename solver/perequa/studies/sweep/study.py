"""A sweep from a compiled scenario to its saved folder."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from perequa.report.record import base_record, input_files
from perequa.report.texts import json_bytes
from perequa.studies.evidence import Proven, duals_of, sampled, solved_each
from perequa.studies.study import Answer, run_study
from perequa.studies.sweep.acceptability import Acceptability
from perequa.studies.sweep.asking import OPTIMAL, STATUSES, share_columns, shares
from perequa.studies.sweep.given_points import influences
from perequa.studies.sweep.ordering import chunks
from perequa.studies.sweep.parquet import need_parquet, write_points
from perequa.studies.sweep.posing import pose
from perequa.studies.sweep.store import Store
from perequa.studies.sweep.weights import weights_over
from perequa.studies.sweep.workers import answers
from perequa.studies.weights import value_columns
from perequa.words import SOURCE, saying
from perequa_models.errors import UsageError
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from numpy.typing import NDArray

    from perequa.studies.prepared import Prepared
    from perequa.studies.study import FinishedStudy, Source
    from perequa.studies.sweep.asking import Found
    from perequa.studies.sweep.design import Design
    from perequa.studies.sweep.ordering import Indices as Rows
    from perequa.studies.sweep.posing import Asked, Posed

POINTS = "points.parquet"


def _silent(*_: object) -> None:
    """Tell nobody."""


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
    posed = pose(prepared, asked)
    design, order = posed.design, chunks(posed.design.places, posed.question.chunk)
    reported = _reported(prepared, asked)
    compared = _compared(prepared, posed, asked.against)
    counted = Acceptability(prepared.instance, shares(compared))
    store = Store(kept, _fingerprint(prepared, asked, design))
    if store.started_anew:
        watch.said(saying("an earlier sweep asked something else: its answers are thrown away"))
    _answer_all(store, posed, order, executor, watch)
    told = dict.fromkeys(STATUSES, 0)
    programs = 0
    outputs = np.full((len(design.points), len(reported)), np.nan)
    status = np.zeros(len(design.points), dtype=np.int8)
    for rows, found in _kept(store, order):
        status[rows] = found.status
        counted.add(found.shares[found.status == OPTIMAL])
        programs += int(found.programs[0])
        for code in found.status:
            told[STATUSES[code]] += 1
        outputs[rows] = np.hstack([found.values, found.shares])[:, list(reported.values())]
    columns = _columns(prepared, design)
    write_points(kept / POINTS, design, columns, _kept(store, order))
    tables = {"acceptability": counted.table(), "ranks": counted.ranks()}
    extras = ["pyarrow"]
    by_name = dict(zip(reported, outputs.T, strict=True))
    if posed.indices is not None and asked.samples is not None:
        extras.append("SALib")
        tables["indices"] = posed.indices.table(asked.samples, by_name)
    else:
        tables["indices"] = influences(design, by_name)
    return Answer(
        tables=tables,
        facts={
            "priority": posed.priority,
            "varied": {
                "what": design.varied,
                "names": list(design.names),
                "choices": {name: list(columns) for name, columns in design.choices.items()},
            },
            "points": len(design.points),
            "sizes": {} if posed.priority is None else prepared.sizes_by_name(design.names),
            "chunks": len(order),
            "status_of_points": told,
            "points_columns": list(columns),
            "programs_solved": programs or None,
            "extras": {name: version(name) for name in extras},
        },
        files={} if asked.design is None else {"inputs/design.csv": asked.design.content},
        large={POINTS: kept / POINTS},
        proven=_proven(prepared, posed, status, compared),
    )


def _proven(
    prepared: Prepared, posed: Posed, status: NDArray[np.int8], compared: Quantities
) -> tuple[Proven, ...]:
    """Prove the optimum at a sample of the points, and keep the plan they are compared with.

    Where figures are varied every point is another program: none is proven.
    """
    found = [Proven(asked=(0.0,), duals=(), cells=compared.x.ravel())]
    if posed.priority is None:
        return tuple(found)
    answered = np.flatnonzero(status == OPTIMAL)
    chosen = [int(answered[i]) for i in sampled(len(answered))] if answered.size else []
    over = weights_over(prepared, posed.design.names)
    first = len(prepared.priorities.before(posed.priority).numbers)
    wanted = [
        prepared.priorities.served(posed.priority, posed.design.points[i] @ over) for i in chosen
    ]
    solved = solved_each([prepared.costed(each) for each in wanted], prepared.options)
    cells = int(np.prod(prepared.instance.shape))
    found += [
        Proven(asked=(i + 1.0,), duals=duals_of(stages, first), cells=stages[-1].x[:cells])
        for i, stages in zip(chosen, solved, strict=True)
    ]
    return tuple(found)


def _reported(prepared: Prepared, asked: Asked) -> dict[str, int]:
    """Name each output whose indices are told, with its place among values, then shares.

    Raises
    ------
    UsageError
        When a territory does not decide in this scenario.
    """
    names = prepared.program.objective_names
    found = {name: k for k, name in enumerate(names)}
    instance, among = prepared.instance, share_columns(prepared.instance)
    known = {f"{t.level}:{t.code}": t.code for t in instance.territories}
    for asked_for in asked.territories:
        who = [full for full, code in known.items() if asked_for in {full, code}]
        if not who:
            message = f"--territory {asked_for}: none decides of that code ({', '.join(known)})"
            raise UsageError(message)
        for place, column in enumerate(among):
            if column.partition("|")[0] == who[0]:
                found[column] = len(names) + place
    return found


def _compared(prepared: Prepared, posed: Posed, against: str) -> Quantities:
    """Return the plan that those of every point are compared with."""
    if against == "plan":
        return posed.question.own()
    x = prepared.referred
    if np.isnan(x).all():
        raise UsageError("--against reference: the scenario has no reference at its decision level")
    return Quantities(prepared.instance, np.nan_to_num(x))


def _answer_all(
    store: Store,
    posed: Posed,
    order: list[Rows],
    executor: Executor | None,
    watch: Watch,
) -> None:
    points = posed.design.points
    missing = {i: points[rows] for i, rows in enumerate(order) if store.read(i) is None}
    total = len(points)
    done = total - sum(len(some) for some in missing.values())
    if done:
        watch.said(saying("going on after {done} of {total} points", done=done, total=total))
    watch.done(done, total)
    for number, found in answers(posed.question, missing, executor):
        store.keep(number, found)
        done += len(found.status)
        watch.done(done, total)


def _kept(store: Store, order: list[Rows]) -> Iterator[tuple[Rows, Found]]:
    """Yield every chunk in the order of the sweep, whoever answered it and when."""
    for number, rows in enumerate(order):
        found = store.read(number)
        if found is None:
            message = f"{store.folder} was changed while the sweep ran"
            raise UsageError(message)
        yield rows, found


def _columns(prepared: Prepared, design: Design) -> tuple[str, ...]:
    """Name the columns of ``points.parquet``."""
    kind = dict.fromkeys(design.choices, "column")
    own = ("point", *(f"{kind.get(n, design.varied)}_{n}" for n in design.names), "status")
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
    seen.update("\n".join((asked.plan, design.varied, *design.names)).encode())
    seen.update(repr(sorted(design.choices.items())).encode())
    seen.update(design.points.tobytes())
    return seen.hexdigest()
