"""`sensitivity sweep --scheduler`: a Dask cluster of two workers gives the bytes of one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from studied import DISTANCE, EHPAD

from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("pyarrow")

CALL = ["sensitivity", "sweep", EHPAD, "--set", DISTANCE, "--samples", "220"]


# what Dask and tornado leave open when they close is theirs
@pytest.mark.filterwarnings("default")
def test_two_workers_give_the_bytes_of_one_process(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    assert main([*CALL, "-o", str(tmp_path / "alone")]) == 0
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        call = [*CALL, "--scheduler", address, "-o", str(tmp_path / "cluster")]
        assert main(call) == 0
        with distributed.Client(address, set_as_default=False) as client:
            answered = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(answered) == 2
    assert sum(answered.values()) >= 4
    for name in ("points.parquet", "acceptability.csv", "ranks.csv"):
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("alone", "cluster"))
        assert one == two, name


def test_nobody_at_the_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed")
    call = [*CALL, "--scheduler", "not an address", "-o", str(tmp_path / "out")]
    assert main(call) == 2
    assert "no Dask scheduler answers there" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_dask_nothing_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("perequa.studies.sweep.workers.find_spec", lambda _: None)
    assert main([*CALL, "--scheduler", "tcp://127.0.0.1:1", "-o", str(tmp_path / "out")]) == 2
    assert "pip install 'perequa[cluster]'" in capsys.readouterr().err


def test_one_or_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CALL, "--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"]) == 2
    assert "do not go together" in capsys.readouterr().err
