"""Pages laid out, made HTML by Zensical."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def build(top: Path, folder: Path) -> int:
    """Make the site of the pages laid out in a folder; a link that leads nowhere is an error.

    Parameters
    ----------
    top
        The repository, where the extension for equations is.
    folder
        Where `stage` wrote; the site goes to `site` inside it.

    Returns
    -------
    int
        Exit status of Zensical.
    """
    found = os.pathsep.join([str(top), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": found}
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode
