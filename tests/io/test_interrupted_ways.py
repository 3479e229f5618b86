"""Whatever a command writes: interrupted or out of room, what was there before is intact."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perequa.cli import main
from perequa.io import run_folder

if TYPE_CHECKING:
    from collections.abc import Callable

EHPAD = "ehpad-2004-rule"
FOLDERS = {
    "projects": ["solve", "camsp-1998", "--no-prices"],
    "whole places": ["solve", "ssiad-2004", "--whole", "--no-prices"],
    "whole places beside projects": ["solve", "mas-fdt-1998", "--whole", "--no-prices"],
    "cascade": ["solve", "cascade-2007", "--no-prices"],
    "campaign": ["solve", "campaign-2004", "--no-prices"],
    "study": ["sensitivity", "weights", "ssiad-2004"],
    "margins": ["sensitivity", "margins", "ssiad-2004", "--within", "1%"],
    "comparison": ["compare", "ssiad-2004", "scm-ssad-1998"],
    "diagnosis": ["diagnose", EHPAD, "--variant", "infeasible_caps"],
    "projects that clash": ["solve", "mas-fdt-1998", "--variant", "infeasible_600"],
}
"""Commands that write a folder in place of an earlier one of its kind."""
ENDS = {"diagnosis": 4, "projects that clash": 4}


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stops(error: BaseException, inside: Path, after: int) -> Callable[[Path, bytes], int]:
    """Write a few files below a folder, then half of one, then fail."""
    left, write = [after], Path.write_bytes

    def attempt(place: Path, content: bytes) -> int:
        if inside not in place.parents:
            return write(place, content)
        left[0] -= 1
        if left[0] >= 0:
            return write(place, content)
        write(place, content[: len(content) // 2])
        raise error

    return attempt


def full(place: Path) -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))


@pytest.mark.parametrize("way", sorted(FOLDERS))
def test_the_folder_before_is_intact(
    way: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "written" / "here"
    asked = [*FOLDERS[way], "-o", str(folder), "--quiet"]
    assert main(asked) == ENDS.get(way, 0)
    before = contents(folder)
    write = run_folder._write

    def failing(error: BaseException, after: int) -> None:
        left = [after]

        def attempt(place: Path, content: bytes | Path) -> None:
            # steps of a cascade are made elsewhere first
            if tmp_path / "written" not in place.parents:
                write(place, content)
                return
            if left[0] == 0:
                place.write_bytes(b"half")
                raise error
            left[0] -= 1
            write(place, content)

        monkeypatch.setattr(run_folder, "_write", attempt)

    for after in (0, 3):
        for error, status in ((KeyboardInterrupt(), 130), (full(folder), 2)):
            failing(error, after)
            capsys.readouterr()
            assert main(asked) == status
            assert "Traceback" not in capsys.readouterr().err
            assert contents(folder) == before
            assert [path.name for path in folder.parent.iterdir()] == ["here"]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("solved") / "run"
    assert main(["solve", "ssiad-2004", "-o", str(folder), "--quiet"]) == 0
    return folder


FILES = {
    "page": ["report", "{run}", "-o", "{here}/page.html"],
    "workbook": ["report", "{run}", "-o", "{here}/book.xlsx"],
    "annexes": ["annexes", "{run}", "-o", "{here}/annexes.xlsx"],
    "figures": ["figures", "{run}", "-o", "{here}"],
    "formulation": ["formulation", "ssiad-2004", "-o", "{here}/program.md"],
}
"""Commands that write files in place of earlier ones."""


@pytest.mark.parametrize("way", sorted(FILES))
def test_the_file_before_is_intact(
    way: str, solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    asked = [part.format(run=solved, here=here) for part in FILES[way]]
    assert main(asked) == 0
    before = contents(here)
    assert before
    for error, status in ((KeyboardInterrupt(), 130), (full(here / "file"), 2)):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", stops(error, here, 0))
            assert main(asked) == status
        assert contents(here) == before


NEW = {
    "workbook of tables": ["convert", "ssiad-2004", "-o", "{here}"],
    "copy": ["new", "{here}", "--from", "ssiad-2004"],
    "drawn": ["new", "{here}", "--synthetic", "establishments", "--count", "200"],
    "follow-up": ["follow-up", "{run}", "{returns}", "-o", "{here}"],
}
"""Commands that write a folder which must not exist."""


@pytest.mark.parametrize("way", sorted(NEW))
def test_no_half_written_folder_stays(
    way: str, solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    returns, inside = tmp_path / "returns.csv", tmp_path / "inside"
    returns.write_text("territory,measure,year,funded\n24,ssiad,2004,1\n", encoding="utf-8")
    inside.mkdir()
    here = inside / "here"
    asked = [part.format(run=solved, here=here, returns=returns) for part in NEW[way]]
    for error, status in ((KeyboardInterrupt(), 130), (full(here), 2)):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", stops(error, inside, 1))
            assert main(asked) == status
        assert list(inside.iterdir()) == []
    assert main(asked) in {0, 3}
    assert here.is_dir()
