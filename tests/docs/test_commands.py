"""Every command shown in the documentation runs, ends as the page says, prints what it shows.

A page's ```console blocks run from top to bottom in one empty folder. Lines that start with
``perequa`` are run; ``# exit N`` behind a command states another exit status than 0. The lines of
an ```output block are among those its console block printed, in that order (``…`` stands for
others). A ```yaml or ```csv block that names a file, ```yaml floor-200.yaml, is written to it.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from shown import check_output, spaced

from perequa.cli import main
from perequa.cli.group import COMMANDS

TOP = Path(__file__).parents[2]
PAGES = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^```(console|output|(?:yaml|csv) [\w-]+\.\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


class Command(NamedTuple):
    """A line to run and how it ends."""

    arguments: list[str]
    exit_status: int


def commands(block: str) -> list[Command]:
    found = []
    for line in block.splitlines():
        if not line.startswith("perequa "):
            continue
        stated = re.search(r"#.*\bexit (\d+)", line)
        arguments = shlex.split(line, comments=True)[1:]
        found.append(Command(arguments, int(stated[1]) if stated else 0))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_the_commands_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    printed: list[str] = []
    for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "output":
            check_output(block, printed)
            continue
        if kind != "console":
            Path(kind.split()[1]).write_text(block, encoding="utf-8")
            continue
        printed = []
        for command in commands(block):
            status = main(command.arguments)
            told = capsys.readouterr()
            assert status == command.exit_status, (command, told.err)
            printed += [*spaced(told.err), *spaced(told.out)]


def test_every_command_is_shown_somewhere() -> None:
    shown = {
        command.arguments[0]
        for page in PAGES
        for kind, block in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == "console"
        for command in commands(block)
    }
    assert shown == set(COMMANDS)
