"""All checks of a run folder, in order, and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from perequa.verification.annexes import annexes_of, check_annexes
from perequa.verification.cascade import check_cascade, is_cascade
from perequa.verification.certified import check_certified
from perequa.verification.files import check_files, fingerprint, refuse_other_folders
from perequa.verification.folder import RunFolder, read_record
from perequa.verification.follow_up import check_follow_up, is_follow_up
from perequa.verification.infeasible import check_infeasible
from perequa.verification.inputs import check_inputs
from perequa.verification.levels import check_levels
from perequa.verification.outcome import Check, Notebook, Unreadable
from perequa.verification.plan import Published, check_plan
from perequa.verification.prices import check_prices
from perequa.verification.project_rows import taken_in
from perequa.verification.ranges import check_ranges
from perequa.verification.recompute.all_rows import expected_rows
from perequa.verification.recompute.model import model_of
from perequa.verification.recompute.reference import reference_places
from perequa.verification.recompute.whole import is_asked
from perequa.verification.selection import check_selection
from perequa.verification.sentences import check_sentences
from perequa.verification.studies.checks import called_for
from perequa.verification.studies.compare import check_differences
from perequa.verification.studies.opened import Study
from perequa.verification.uniqueness import check_uniqueness
from perequa.verification.unrounded import FILE as UNROUNDED
from perequa.verification.unrounded import check_unrounded
from perequa.verification.weights import check_weights, has_weights
from perequa.verification.whole import check_whole
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from perequa.verification.recompute.model import Model

SOLVED, INFEASIBLE = 0, 4
RUN, STUDY = "run.json", "study.json"
Called = list[tuple[int, str, "Callable[[], Check]"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What verification says of a run.

    Attributes
    ----------
    fingerprint
        SHA-256 of the manifest, empty without one.
    status
        How the run says it ended.
    checks
        One for each line printed.
    """

    fingerprint: str
    status: str
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether no check found anything wrong."""
        return all(check.verdict != "wrong" for check in self.checks)


def verify_run(path: Path, *, exact: bool = False) -> Verdict:
    """Re-check a run folder without a solver.

    Parameters
    ----------
    path
        The run folder.
    exact
        Whether the sums of the optimality check are made in exact fractions.

    Raises
    ------
    InvalidScenario
        When the path is not a run folder.
    """
    refuse_other_folders(path)
    checks = [check_files(path)]
    status = ""
    if _is_study(path) and is_follow_up(path):
        checks.extend(_made([(14, "follow_up", partial(check_follow_up, path))]))
        return Verdict(fingerprint=fingerprint(path), status="study", checks=tuple(checks))
    called = _called_for_study if _is_study(path) else partial(_called_for, exact=exact)
    try:
        folder = RunFolder(path, read_record(path / (STUDY if _is_study(path) else RUN)))
        status = folder.status
    except Unreadable as error:
        checks.append(_unreadable(2, "inputs", error.file, error.why))
    else:
        checks.extend(_made(called(folder)))
    return Verdict(fingerprint=fingerprint(path), status=status, checks=tuple(checks))


def _is_study(path: Path) -> bool:
    """Whether a folder holds a study: of a run, only its inputs and what came out."""
    return (path / STUDY).is_file() and not (path / RUN).is_file()


def _made(called_for: Called) -> Iterator[Check]:
    """Make every check that a folder calls for; one that cannot be made is wrong."""
    for number, name, check in called_for:
        try:
            yield check()
        except Unreadable as error:
            yield _unreadable(number, name, error.file, error.why)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            # Whatever stands in the folder was not written by a run: it cannot be evaluated.
            yield _unreadable(number, name, "", f"cannot be evaluated ({error!r})")


def _called_for_study(folder: RunFolder) -> Called:
    if folder.run.get("study") == "compare":
        return [(11, "study", partial(check_differences, folder))]
    study = Study(folder, model_of(folder))

    def inputs() -> Check:
        return check_inputs(folder, study.model, study.rows, study.reference)

    own = [(number, name, partial(check, study)) for number, name, check in called_for(study)]
    return [(2, "inputs", inputs), *own]


def _called_for(folder: RunFolder, *, exact: bool) -> Called:
    model = model_of(folder)

    def inputs() -> Check:
        return check_inputs(folder, model, expected_rows(model), reference_places(model))

    def plan() -> Check:
        rows = expected_rows(model)
        taken = model.with_taken(taken_in(folder, model))
        return check_plan(Published(folder, taken, rows, reference_places(model)))

    def whole() -> Check:
        rows = expected_rows(model)
        taken = model.with_taken(taken_in(folder, model))
        return check_whole(Published(folder, taken, rows, reference_places(model)))

    def prices() -> Check:
        return check_prices(folder, model, expected_rows(model))

    def selection() -> Check:
        return check_selection(folder, model)

    if is_cascade(folder):
        return check_cascade(folder, lambda path: list(verify_run(path, exact=exact).checks))
    if folder.exit_code == INFEASIBLE and folder.has(UNROUNDED):
        return [(2, "inputs", inputs), (9, "infeasible", lambda: check_unrounded(folder, model))]
    if folder.exit_code == INFEASIBLE:
        return [(2, "inputs", inputs), (9, "infeasible", lambda: check_infeasible(folder))]
    if folder.exit_code != SOLVED and not folder.has("solution.npz"):
        return [(2, "inputs", inputs)]
    annexes = annexes_of(folder.path)

    def printed() -> Check:
        rows = expected_rows(model)
        published = Published(folder, model, rows, reference_places(model))
        return check_annexes(published, annexes, fingerprint(folder.path))

    told = [(16, "annexes", printed)] if annexes else []
    found = [
        (2, "inputs", inputs),
        (3, "plan", plan),
        (4, "optimum", lambda: check_certified(folder, exact=exact)),
        (5, "uniqueness", lambda: check_uniqueness(folder)),
    ]
    rounded = [(11, "whole", whole)] if is_asked(model) else []
    if model.projects.order:
        return [*found, (6, "prices", _no_prices), *rounded, (15, "selection", selection), *told]
    return [
        *found,
        (6, "prices", prices),
        (7, "ranges", lambda: check_ranges(folder)),
        (8, "sentences", lambda: check_sentences(folder)),
        *([(10, "weights", lambda: check_weights(folder, model))] if has_weights(folder) else []),
        *rounded,
        *([(12, "levels", lambda: check_levels(folder, model))] if _has_levels(model) else []),
        *told,
    ]


def _has_levels(model: Model) -> bool:
    return any(spec["kind"] == "leximin" for spec in model.scenario["objectives"].values())


def _no_prices() -> Check:
    return Notebook(6, "prices").skip(
        saying("whole projects have no dual prices: what one more is worth is in one_more.csv")
    )


def _unreadable(number: int, name: str, file: str, why: str) -> Check:
    notes = Notebook(number, name)
    notes.wrong(file, "", why)
    return notes.close(saying("could not be checked"))
