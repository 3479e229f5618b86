"""The bar of a long command: where somebody looks, and nowhere else."""

from __future__ import annotations

import io
import sys
import time
from typing import TYPE_CHECKING

import click
import pytest

from perequa.cli import progress
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
