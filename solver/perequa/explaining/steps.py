"""Which step of a cascade a question speaks of: each is a run of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.io.read_run import read_record, read_rows
from perequa_models.errors import RunFolderWrong, UsageError
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.explaining.question import Question

WHOLE = "integrated"


def run_asked(path: Path, asked: Question, step: str) -> Path:
    """Return the run folder that answers: the folder itself, or that of one step of a cascade.

    Parameters
    ----------
    path
        A run folder.
    asked
        The question, whose territory or rule may tell the step.
    step
        Name of the step as stated, empty where the question tells it.

    Raises
    ------
    UsageError
        When no step, or more than one, could be meant.
    RunFolderWrong
        When the folder of a cascade cannot be read.
    """
    if not (path / "cascade.csv").is_file() or "cascade" not in read_record(path):
        if step:
            raise UsageError(f"--step {step}: {path} is not the folder of a cascade")
        return path
    ended = _rows(path, "cascade.csv")
    folders = {row["step"]: row["folder"] for row in ended}
    chosen = step or _told(path, asked, [row["step"] for row in ended if row["folder"]])
    if chosen not in folders:
        close = nearest(chosen, folders)
        hint = f"; did you mean {close}?" if close else ""
        raise UsageError(f"--step {chosen}: no such step ({', '.join(folders)}){hint}")
    if not folders[chosen]:
        status = next(row["status"] for row in ended if row["step"] == chosen)
        raise UsageError(f"--step {chosen}: it ended {status}, and has no folder")
    return path / folders[chosen]


def _told(path: Path, asked: Question, steps: list[str]) -> str:
    """Return the one step whose plan holds the territory, or the rule, that is asked about."""
    held = {step: True for step in steps if step != WHOLE}
    if asked.territory:
        own = {
            row["step"]
            for row in _rows(path, "allocation.csv")
            if asked.territory in (row["territory"], f"{row['level']}:{row['territory']}")
        }
        held = {step: step in own for step in held}
    for rule in asked.rules:
        having = {row["step"] for row in _rows(path, "rules.csv") if row["rule"] == rule}
        held = {step: held[step] and step in having for step in held}
    found = [step for step, holds in held.items() if holds]
    if len(found) == 1:
        return found[0]
    why = "several steps answer" if found else "no step answers"
    raise UsageError(
        f"{path} is a cascade, and {why} this question: say which with --step "
        f"({', '.join(found or steps)})"
    )


def _rows(path: Path, name: str) -> list[dict[str, str]]:
    if not (path / name).is_file():
        raise RunFolderWrong(f"{path}: {name} is missing")
    header, rows = read_rows((path / name).read_bytes())
    return [
        {k: "" if v is None else str(v) for k, v in zip(header, row, strict=True)} for row in rows
    ]
