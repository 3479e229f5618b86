from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from perequa.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Runs = Callable[..., Path]


def test_why_not_this_one(folder_of: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    run = folder_of("camsp-1998")
    assert main(["explain", str(run), "--project", "camsp-82"]) == 0
    told = capsys.readouterr().out
    assert "CAMSP Tarn-et-Garonne (camsp-82) is not taken" in told
    assert "it would break selection two_a_region (Midi-Pyrénées, camsp, 1998)." in told
    assert "1. CAMSP Meuse (camsp-55)" in told
    # no identifier of a row, in either language
    assert "region:73" not in told
    assert main(["--lang", "fr", "explain", str(run), "--project", "camsp-82"]) == 0
    told = capsys.readouterr().out
    assert "CAMSP Tarn-et-Garonne (camsp-82) n'est pas retenu" in told
    assert "enfreindrait\u00a0: sélection two_a_region (Midi-Pyrénées, camsp, 1998)." in told


def test_the_document_holds_the_line_and_who_waits(
    folder_of: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run = folder_of("camsp-1998")
    assert main(["explain", str(run), "--project", "camsp-31", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["project"]["taken"] == "true"
    assert [line["project"] for line in told["waiting"]] == [
        *("camsp-55", "camsp-82", "camsp-65", "camsp-32")
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--project", "camsp82"], "did you mean camsp-82"),
        (["--project", "camsp-82", "--rule", "insurance"], "--project stands alone"),
        (["--rule", "two_a_region"], "whole projects have no dual prices"),
    ],
)
def test_questions_that_have_no_answer(
    folder_of: Runs, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["explain", str(folder_of("camsp-1998")), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_run_without_projects_says_so(
    folder_of: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(folder_of("ssiad-2004")), "--project", "x"]) == 2
    assert "chooses among no projects" in capsys.readouterr().err


def test_studies_of_prices_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = ["sensitivity", "limit", "camsp-1998", "--rule", "insurance", "-o", str(tmp_path / "s")]
    assert main(study) == 2
    assert "whole projects have none" in capsys.readouterr().err
