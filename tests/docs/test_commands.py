"""Every command shown in the documentation runs, ends as the page says, prints what it shows.

A page's ```console blocks run from top to bottom in one empty folder. Lines that start with
``perequa`` are run; ``# exit N`` behind a command states another exit status than 0. The lines of
an ```output block are among those its console block printed, in that order (``…`` stands for
others). A ```yaml or ```csv block that names a file, ```yaml floor-200.yaml, is written to it.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from shown import check_output, spaced

from perequa.cli import main
from perequa.cli.group import COMMANDS
from perequa.io.shipped import shipped_names

TOP = Path(__file__).parents[2]
PAGES = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
SHIPPED = set(shipped_names())
BLOCK = re.compile(
    r"^```(console|output|(?:yaml|csv) [\w-]+\.\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


class Ran(NamedTuple):
    """How a command ended, what it printed, and the folders it made in ``results``."""

    status: int
    printed: list[str]
    folders: list[Path]


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


@pytest.fixture(scope="module")
def ran() -> dict[str, Ran]:
    """Commands that ran already and read nothing but a shipped scenario."""
    return {}


def carried_out(
    command: Command, ran: dict[str, Ran], kept: Path, capsys: pytest.CaptureFixture[str]
) -> Ran:
    """Run a command, or what another page ran already, its folders copied."""
    name = shlex.join(command.arguments)
    again = ran.get(name)
    if again is None:
        status = main(command.arguments)
        told = capsys.readouterr()
        again = Ran(status, [*spaced(told.err), *spaced(told.out)], [])
        saved = re.findall(r"saved in (results/[\w.-]+)$", told.out, re.MULTILINE)
        alone = set(command.arguments) & SHIPPED and "-o" not in command.arguments
        if command.arguments[0] in {"solve", "sensitivity"} and alone and len(saved) == 1:
            copied = kept / str(len(ran)) / saved[0]
            ran[name] = again._replace(folders=[Path(shutil.copytree(saved[0], copied))])
        return again
    for folder in again.folders:
        shutil.copytree(folder, Path("results") / folder.name, dirs_exist_ok=True)
    return again


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_the_commands_of_a_page_run(
    page: Path,
    ran: dict[str, Ran],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = tmp_path_factory.mktemp("kept")
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
            done = carried_out(command, ran, kept, capsys)
            assert done.status == command.exit_status, (command, done.printed)
            printed += done.printed


def test_every_command_is_shown_somewhere() -> None:
    shown = {
        command.arguments[0]
        for page in PAGES
        for kind, block in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == "console"
        for command in commands(block)
    }
    assert shown == set(COMMANDS)
