"""Interrupted, killed or out of room: no half-written run folder, and the earlier one is intact."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from perequa.cli.group import perequa
from perequa.io import run_folder
from perequa.io.run_folder import MANIFEST, check_replaceable, write_folder
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NEEDS_SIGNALS = pytest.mark.skipif(os.name != "posix", reason="signals are sent between processes")
FIRST = {"allocation.csv": b"first\n", "inputs/a.csv": b"1\n"}
SECOND = {"allocation.csv": b"second\n", "inputs/b.csv": b"2\n"}

# a solve that tells when a stage begins, and stays there until it is stopped
STOPPED_AT = """
import signal, sys, time
from contextlib import contextmanager
from perequa import cli
from perequa.cli import progress
from perequa.io import run_folder

# a shell lets what it starts in the background ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)
stage = sys.argv.pop(1)

@contextmanager
def waiting(name):
    if name == stage:
        print("HERE", flush=True)
        time.sleep(600)
    yield

progress.told_if_long = waiting
if stage == "between two files":
    write, written = run_folder._write, []
    def write_and_wait(place, content):
        write(place, content)
        written.append(place)
        if len(written) == 3:
            print("HERE", flush=True)
            time.sleep(600)
    run_folder._write = write_and_wait
if stage == "between two renames":
    import os
    def wait(*_):
        print("HERE", flush=True)
        time.sleep(600)
    os.replace = wait
sys.exit(cli.main())
"""
STAGES = (
    "read and check",
    "compile",
    "solve",
    "tie-break",
    "prices",
    "tables",
    "write",
    "between two files",
    "between two renames",
)


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of a run that is there before."""
    folder = tmp_path_factory.mktemp("earlier") / "run"
    asked = ["solve", "ehpad-2004-rule", "--no-prices", "-o", str(folder)]
    assert CliRunner().invoke(perequa, asked).exit_code == 0
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def laid(files: dict[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def stopped(stage: str, folder: Path, how: signal.Signals) -> subprocess.CompletedProcess[str]:
    """Solve, and send a signal once the stage has begun."""
    asked = [stage, "solve", "ehpad-2004-rule", "-o", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED_AT, *asked],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "HERE\n"
    time.sleep(0.05)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@NEEDS_SIGNALS
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_whatever_the_stage_the_earlier_run_is_intact(
    stage: str, how: str, earlier: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    laid(earlier, folder)
    before = contents(folder)
    ended = stopped(stage, folder, signal.Signals[how])
    if how == "SIGINT":
        assert ended.returncode == 130, ended.stderr
        assert "interrupted" in ended.stderr
        assert "Traceback" not in ended.stderr
        # nothing is left beside it
        assert [path.name for path in tmp_path.iterdir()] == ["run"]
    else:
        assert ended.returncode == -signal.SIGKILL
    # the next command finds the earlier run at its place, and no trace of the one that was stopped
    check_replaceable(folder)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@NEEDS_SIGNALS
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_where_nothing_was_nothing_is(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    stopped("between two files", folder, signal.Signals[how])
    check_replaceable(folder)
    assert list(tmp_path.iterdir()) == []


HIGHS_THAT_STAYS = """
import signal, sys, time
from perequa import cli
from perequa.engine import session

signal.signal(signal.SIGINT, signal.default_int_handler)

class Stays(session._Highs):
    def run(self):
        print("HERE", flush=True)
        time.sleep(600)

session._Highs, session.LONG = Stays, 0
sys.exit(cli.main())
"""


@NEEDS_SIGNALS
def test_ctrl_c_is_heard_while_highs_works(tmp_path: Path) -> None:
    """HiGHS takes no notice of it: a large program would go on to its end."""
    asked = ["solve", "ehpad-2004-rule", "-o", str(tmp_path / "run")]
    process = subprocess.Popen(
        [sys.executable, "-c", HIGHS_THAT_STAYS, *asked],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "HERE\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert told == "interrupted\n"
    assert list(tmp_path.iterdir()) == []


def refused(code: int, after: int) -> Callable[..., None]:
    """A write that works a few times, then finds no room."""
    left = [after]
    write = run_folder._write

    def attempt(place: Path, content: Any) -> None:
        if left[0] == 0:
            # what fits of the file is there, as on a real disk
            place.write_bytes(content[: len(content) // 2])
            raise OSError(code, os.strerror(code), str(place))
        left[0] -= 1
        write(place, content)

    return attempt


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_refuses_leaves_the_earlier_run(
    code: int, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    write_folder(folder, FIRST)
    before = contents(folder)
    monkeypatch.setattr(run_folder, "_write", refused(code, after))
    with pytest.raises(UsageError, match="cannot be written"):
        write_folder(folder, SECOND)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_solve_on_a_full_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: dict[str, bytes]
) -> None:
    folder = tmp_path / "run"
    laid(earlier, folder)
    before = contents(folder)
    monkeypatch.setattr(run_folder, "_write", refused(errno.ENOSPC, 4))
    ended = CliRunner().invoke(perequa, ["solve", "ehpad-2004-rule", "-o", str(folder)])
    assert isinstance(ended.exception, UsageError)
    assert os.strerror(errno.ENOSPC) in str(ended.exception)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_refused_rename_brings_the_earlier_run_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    write_folder(folder, FIRST)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UsageError):
        write_folder(folder, SECOND)
    assert (folder / "allocation.csv").read_bytes() == b"first\n"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    """Only what a process that is gone had begun is taken away."""
    folder = tmp_path / "run"
    write_folder(folder, FIRST)
    mine, gone = tmp_path / f".run.{os.getpid()}-abc", tmp_path / ".run.999999999-abc"
    other = tmp_path / ".running.999999999-abc"
    for place in (mine, gone, other):
        place.mkdir()
    check_replaceable(folder)
    assert mine.is_dir()
    assert other.is_dir()
    assert gone.is_dir() is (os.name != "posix")
    assert (folder / MANIFEST).is_file()
