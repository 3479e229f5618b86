"""The bar of a long command: where somebody looks, and nowhere else."""

from __future__ import annotations

import io
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from perequa.cli import main, progress
from perequa.cli.console import Settings
from perequa.cli.progress import told_if_long, watched
from perequa.words import words_in
from perequa.words.terms import under_way

if TYPE_CHECKING:
    from collections.abc import Iterator


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    with click.Context(click.Command("x"), obj=Settings(quiet=request.param)):
        yield


def shown_on(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    with watched() as watch:
        watch.done(0, 80)
        watch.said("going on [after] 7")
        watch.done(40, 80)
    return stream.getvalue()


@pytest.mark.parametrize("quiet", [False], indirect=True)
@pytest.mark.usefixtures("quiet")
def test_a_terminal_sees_a_bar_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_on(Terminal(), monkeypatch)
    assert "40/80" in shown
    assert "0:00:00" in shown or "-:--:--" in shown
    assert "going on [after] 7" in shown


@pytest.mark.parametrize("quiet", [False], indirect=True)
@pytest.mark.usefixtures("quiet")
def test_a_file_gets_the_sentence_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(io.StringIO(), monkeypatch) == "going on [after] 7\n"


@pytest.mark.parametrize("quiet", [True], indirect=True)
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_quiet_is_quiet(stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(stream(), monkeypatch) == ""


STAGES = (
    "read and check", "reference", "formulate", "compile", "solve", "diagnose", "tie-break",
    "certify", "prices", "ranges", "by objective", "weights", "optimum alone", "tables", "write",
    "levels", "whole places", "projects", "parts",
)  # fmt: skip


def said_of(stage: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> str:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", 0.2)
    with told_if_long(stage):
        time.sleep(seconds)
    return stream.getvalue()


@pytest.mark.parametrize("quiet", [False], indirect=True)
@pytest.mark.usefixtures("quiet")
def test_what_lasts_is_told_and_what_does_not_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said_of("prices", 1.0, monkeypatch) == "still at work: pricing the rules\n"
    assert said_of("prices", 0.0, monkeypatch) == ""


@pytest.mark.parametrize("quiet", [True], indirect=True)
@pytest.mark.usefixtures("quiet")
def test_what_lasts_is_not_told_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said_of("prices", 0.5, monkeypatch) == ""


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_stage_of_a_run_has_a_word(lang: str) -> None:
    words = under_way(words_in(lang))
    assert set(STAGES) <= set(words)
    assert len(set(words.values())) == len(words)


WAYS = {
    "whole": (
        ["solve", "ssiad-2004", "--whole", "--no-prices", "-o", "here"],
        "looking for the nearest whole plan",
    ),
    "projects": (["solve", "camsp-1998", "-o", "here"], "weighing the projects"),
    "cascade": (["solve", "cascade-2007", "--no-prices", "-o", "here"], "deciding part by part"),
    "study": (["sensitivity", "weights", "ssiad-2004", "-o", "here"], "solving again and again"),
    "validate": (["validate", "ssiad-2004"], "reading and checking"),
    "formulation": (["formulation", "ssiad-2004"], "writing the program"),
    "convert": (["convert", "ssiad-2004", "-o", "here"], "converting the tables"),
    "new": (["new", "here", "--synthetic", "establishments", "--count", "200"], "drawing the"),
    "annexes": (["annexes", "run"], "writing the annexes"),
    "report": (["report", "run"], "writing the report"),
    "figures": (["figures", "run"], "drawing"),
    "verify": (["verify", "run"], "verifying"),
    "compare": (["compare", "run", "ssiad-2004", "-o", "here"], "comparing"),
    "explain": (["explain", "run", "--territory", "region:24"], "explaining"),
    "follow-up": (["follow-up", "run", "returns.csv", "-o", "here"], "following up"),
}


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("solved") / "run"
    assert main(["solve", "ssiad-2004", "-o", str(folder), "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("way", sorted(WAYS))
def test_no_way_that_may_last_is_silent(
    way: str,
    solved: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With no patience at all, every command says what it is at."""
    asked, said = WAYS[way]
    monkeypatch.chdir(tmp_path)
    shutil.copytree(solved, "run")
    Path("returns.csv").write_text("territory,measure,year,funded\n24,ssiad,2004,1\n")
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    assert main(asked) == 0
    assert f"still at work: {said}" in capsys.readouterr().err
