"""The scenarios shipped with the package, and what a SCENARIO argument names."""

from __future__ import annotations

from pathlib import Path

import perequa
from perequa.io.findings import Finding, InvalidInput
from perequa.io.limits import exists
from perequa_models.problems import nearest

SCENARIO_FILE = "scenario.yaml"


def shipped_folder() -> Path | None:
    """Return the folder of shipped scenarios: in the package, or at the top of a checkout."""
    package = Path(perequa.__file__).resolve().parent
    for folder in (package / "scenarios", package.parent.parent / "scenarios"):
        if folder.is_dir():
            return folder
    return None


def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped scenarios, sorted."""
    folder = shipped_folder()
    if folder is None:
        return ()
    return tuple(sorted(path.parent.name for path in folder.glob(f"*/{SCENARIO_FILE}")))


def scenario_path(source: str) -> Path:
    """Find the scenario file that an argument names.

    Parameters
    ----------
    source
        Path of a scenario file or of its folder, or name of a shipped scenario.

    Raises
    ------
    InvalidInput
        When nothing stands there, or the folder holds no scenario file.
    """
    path = Path(source)
    if "\0" not in source and exists(path):
        if not path.is_dir():
            return path
        if exists(path / SCENARIO_FILE):
            return path / SCENARIO_FILE
        raise InvalidInput(
            [
                Finding(
                    code="no_scenario_file",
                    message=f"the folder holds no {SCENARIO_FILE}",
                    file=source,
                    received=source,
                    accepted=f"a folder with {SCENARIO_FILE}, or a scenario file",
                    remedy=f"name the scenario file, or add {SCENARIO_FILE}",
                )
            ]
        )
    names = shipped_names()
    folder = shipped_folder()
    if source in names and folder is not None:
        return folder / source / SCENARIO_FILE
    raise InvalidInput(
        [
            Finding(
                code="unknown_scenario",
                message="no such scenario file, folder or shipped scenario",
                file=source,
                received=source,
                accepted="a path, or one of " + (", ".join(names) or "(none is shipped)"),
                nearest=nearest(source, names),
                remedy="check the path; perequa list names the shipped scenarios",
            )
        ]
    )
