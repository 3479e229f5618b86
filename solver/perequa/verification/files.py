"""Check 1: every file of the folder is the one the run wrote."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING

from perequa.verification.outcome import Notebook, Unreadable
from perequa.words import saying
from perequa_models.errors import InvalidScenario, RunFolderWrong
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.verification.outcome import Check

MANIFEST = "manifest.json"
RUN_FILES = ("run.json", "program.npz", "solution.npz", "allocation.csv", "certificate.json")


def refuse_other_folders(folder: Path) -> None:
    """Refuse a path that holds no run.

    Raises
    ------
    InvalidScenario
        When neither a manifest nor any file of a run stands there.
    """
    if not (folder / MANIFEST).is_file() and not any((folder / f).is_file() for f in RUN_FILES):
        raise InvalidScenario(
            [
                Problem(
                    code="not_a_run_folder",
                    message=f"{folder} is not a run folder",
                    received=str(folder),
                    accepted="a folder written by perequa solve, with its manifest.json",
                    remedy="name the run folder itself, e.g. results/<scenario>",
                )
            ]
        )


def fingerprint(folder: Path) -> str:
    """SHA-256 of the manifest: what a published run is known by; empty without a manifest."""
    path = folder / MANIFEST
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def check_files(folder: Path) -> Check:
    """Compare every file of the folder with the manifest's SHA-256."""
    notes = Notebook(1, "files")
    try:
        listed = _listed(folder)
    except RunFolderWrong as error:
        notes.wrong(MANIFEST, "", str(error))
        return notes.close(saying("manifest.json against the folder"))
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    present.discard(MANIFEST)
    reports = {name for name in present if name.startswith("reports/")}
    for name in sorted(present - reports - set(listed)):
        notes.wrong(name, "", saying("is not in manifest.json: added after the run"))
    for name, digest in sorted(listed.items()):
        if name not in present:
            notes.wrong(name, "", saying("is in manifest.json but not in the folder"))
            continue
        content = (folder / name).read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != digest:
            notes.wrong(name, "", _changed(folder, name, content), found, digest)
    compared = saying("{count} files against manifest.json", count=len(listed))
    if reports:
        apart = saying("{count} reports added later left aside", count=len(reports))
        compared = saying("{one}, {other}", one=compared, other=apart)
    return notes.close(compared)


def refuse_changed(folder: Path) -> None:
    """Refuse a folder whose files are not those that were written.

    Raises
    ------
    RunFolderWrong
        With the first of them.
    """
    changed = check_files(folder).disagreements
    if changed:
        message = f"{folder}: {changed[0]}; `perequa verify` tells all of it"
        raise RunFolderWrong(message)


def _listed(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    if not path.is_file():
        raise Unreadable(MANIFEST, "is missing, and the folder holds files of a run")
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["files"]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
        raise Unreadable(MANIFEST, "cannot be read as a manifest") from None
    if not isinstance(listed, dict):
        raise Unreadable(MANIFEST, "files is not a mapping")
    return {str(name): str(digest) for name, digest in listed.items()}


def _changed(folder: Path, name: str, content: bytes) -> str:
    """Tell an editor's save from a change, as far as the bytes alone can tell.

    A file saved again in the run's own form (UTF-8 without a mark, plain line ends and quoting,
    shortest figures) that then has the manifest's hash says the same as the original.
    """
    if not name.endswith(".csv"):
        return "SHA-256"
    listed = _listed(folder)[name]
    for candidate in _rewritten(content):
        if hashlib.sha256(candidate).hexdigest() == listed:
            return saying("SHA-256, though every cell reads the same (saved again by an editor?)")
    return "SHA-256"


def _rewritten(content: bytes) -> list[bytes]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return []
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if not plain.endswith("\n"):
        plain += "\n"
    candidates = [plain, plain.rstrip("\n") + "\n"]
    first = plain.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = list(csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter))
    for quoted in (rows, [[_shortest(cell) for cell in row] for row in rows]):
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(quoted)
        candidates.append(out.getvalue())
    return [candidate.encode("utf-8") for candidate in candidates]


def _shortest(cell: str) -> str:
    """Write a decimal figure as the run does; codes and whole numbers stay as they are."""
    if "." not in cell and "e" not in cell.lower():
        return cell
    try:
        return repr(float(cell))
    except ValueError:
        return cell
