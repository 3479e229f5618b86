"""On a terminal tables fit, sentences are cut between words; a file sees plain text."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from perequa.cli import main
from perequa.cli.console import say
from perequa.cli.screen import Printed, draw, pieces
from perequa.report import cascade, comparison, follow_up, study, whole
from perequa.report import terminal as run_report
from perequa.report.layout import aligned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
REPORTS = (cascade, comparison, follow_up, run_report, study, whole)
"""The modules that lay tables out."""
TEXT = """\
One sentence that is rather long, with a thousand\N{NO-BREAK SPACE}places that stay together.

{table}
874.0 places change hands
"""
HEAD = ["code", "territory_name", "places", "reference_credits"]
ROWS = [
    ["11", "Île-de-France", "1 580", "7 367 757"],
    ["93", "Provence-Alpes-Côte d'Azur", "969.2", "4 621 369"],
    ["", "France", "", "24 100 000"],
]


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, Any]]:
    """A terminal to write to, and what it received."""
    there, here = pty.openpty()
    stream = os.fdopen(here, "w", encoding="utf-8")

    def received() -> str:
        stream.flush()
        stream.close()
        found = b""
        try:
            while more := os.read(there, 65536):
                found += more
        except OSError:  # Linux says so at the end
            pass
        return found.decode().replace("\r\n", "\n")

    yield stream, received
    os.close(there)
    if not stream.closed:
        stream.close()


def drawn(text: str, width: int, monkeypatch: pytest.MonkeyPatch, terminal: Any) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    stream, received = terminal
    draw(text, stream)
    return re.sub("\x1b\\[[0-9;]*m", "", received()).splitlines()


def letters(text: str) -> Counter[str]:
    return Counter(re.sub(r"[\s─-]", "", text))


@pytest.mark.parametrize("width", [50, 80, 120])
def test_everything_is_there_and_nothing_is_wider_than_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, terminal: Any
) -> None:
    text = TEXT.format(table=aligned(HEAD, ROWS, left=2))
    lines = drawn(text, width, monkeypatch, terminal)
    assert max(map(cell_len, lines)) <= width
    assert letters("".join(lines)) == letters(text)
    assert any("thousand\N{NO-BREAK SPACE}places" in line for line in lines)


def test_a_table_too_wide_even_folded_is_cut_with_its_first_columns_again(
    monkeypatch: pytest.MonkeyPatch, terminal: Any
) -> None:
    lines = drawn(aligned(HEAD, ROWS, left=2), 30, monkeypatch, terminal)
    assert max(map(cell_len, lines)) <= 30
    assert sum(line.startswith("11") for line in lines) == 2
    assert sum("1 580" in line for line in lines) == 1
    assert sum("7 367 757" in line for line in lines) == 1


def test_a_table_of_words_alone_is_never_cut_nor_lost(
    monkeypatch: pytest.MonkeyPatch, terminal: Any
) -> None:
    table = aligned(["one", "two"], [["a" * 30, "b" * 30], ["c", "d"]], left=2)
    lines = drawn(table, 20, monkeypatch, terminal)
    assert letters("".join(lines)) == letters(table)


def test_figures_stand_to_the_right_and_words_to_the_left(
    monkeypatch: pytest.MonkeyPatch, terminal: Any
) -> None:
    lines = drawn(aligned(HEAD, ROWS, left=2), 80, monkeypatch, terminal)
    (first,) = [line for line in lines if line.startswith("11")]
    (last,) = [line for line in lines if "24 100 000" in line]
    assert len(first.rstrip()) == len(last.rstrip())
    assert first.index("Île") == last.index("France")


@pytest.mark.parametrize(
    "arguments",
    [
        "solve ehpad-2004-rule --lang fr",
        "solve dominic-2004",
        "solve ssiad-2004 --whole --no-prices",
        "compare ehpad-2004-rule ehpad-2004-rule@by_territory",
        "sensitivity limit ehpad-2004-rule --rule floor --territory region:24 --no-shares",
    ],
)
def test_every_table_that_was_laid_out_is_read_again(
    arguments: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = []

    def recorded(header: Any, rows: Any, *, left: int) -> str:
        kept = [list(row) for row in rows]
        written.append((tuple(header), [tuple(cell.strip() for cell in row) for row in kept]))
        return aligned(header, kept, left=left)

    for module in REPORTS:
        monkeypatch.setattr(module, "aligned", recorded)
    capsys.readouterr()
    assert main([*arguments.split(), "-o", str(tmp_path / "out")]) == 0
    found = [p for p in pieces(capsys.readouterr().out) if isinstance(p, Printed)]
    assert written
    assert [(p.head, list(p.rows)) for p in found] == written


def test_only_a_terminal_is_drawn_on(
    monkeypatch: pytest.MonkeyPatch, terminal: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TEXT.format(table=aligned(HEAD, ROWS, left=2))
    say(text)
    assert capsys.readouterr().out == f"{text}\n"
    stream, received = terminal
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "dumb")
    say(text)
    assert received() == f"{text}\n"


@pytest.mark.parametrize("colours", [True, False])
def test_no_color_leaves_no_colour(
    colours: bool, monkeypatch: pytest.MonkeyPatch, terminal: Any
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    stream, received = terminal
    monkeypatch.setattr(sys, "stdout", stream)
    say("mine.yaml:3:1: error: unknown key 'flor'")
    assert ("\x1b[1;31merror" in (told := received())) is colours
    assert "unknown key 'flor'" in told
    assert "[3" not in told or colours


def test_a_command_takes_the_width_of_its_terminal() -> None:
    fcntl = pytest.importorskip("fcntl")
    termios = pytest.importorskip("termios")
    there, here = pty.openpty()
    fcntl.ioctl(here, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 60, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR"}}
    command = [sys.executable, "-m", "perequa", "list"]
    run = subprocess.Popen(
        command, stdin=here, stdout=here, stderr=here, env=environment | {"TERM": "xterm"}
    )
    assert run.wait(timeout=120) == 0
    lines = os.read(there, 65536).decode().replace("\r\n", "\n").splitlines()
    os.close(there)
    os.close(here)
    assert max(map(cell_len, lines)) <= 60
    assert any(line.startswith(" " * 18) for line in lines)  # what a line could not hold is set in
