"""The commands that update the catalogue are those of `make words`, and leave it as it is."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.frontend import CommandLineInterface

if TYPE_CHECKING:
    import pytest

TOP = Path(__file__).parents[2]
CATALOGUE = Path("solver/perequa/words/locale/fr/LC_MESSAGES/perequa.po")


def stated() -> list[str]:
    """Commands of the page."""
    page = (TOP / "docs" / "languages.md").read_text(encoding="utf-8")
    return re.findall(r"^pybabel .*$", page, re.MULTILINE)


def test_make_runs_the_same_commands() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"^\t\$\(BIN\)/(pybabel .*)$", makefile, re.MULTILINE) == stated()


def test_the_commands_leave_the_catalogue_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(TOP / "solver", tmp_path / "solver")
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    before = CATALOGUE.read_bytes()
    CATALOGUE.with_suffix(".mo").unlink()
    assert len(stated()) == 3
    for command in stated():
        assert not CommandLineInterface().run(shlex.split(command))
    assert _entries(CATALOGUE.read_bytes()) == _entries(before)
    assert CATALOGUE.with_suffix(".mo").exists()


def _entries(content: bytes) -> str:
    """Entries without the header, where Babel writes its own version."""
    return content.decode("utf-8").split("\n\n", 1)[1]
