"""Workbooks opened and saved again by LibreOffice, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode"
 oor:op="fuse"><value>0</value></prop></item></oor:items>"""


def saved_again(book: bytes, tmp_path: Path) -> bytes:
    """Open a workbook in LibreOffice, which is told to compute everything again, and save it."""
    profile = tmp_path / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "book.xlsx").write_bytes(book)
    done = subprocess.run(
        [str(SOFFICE), "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}",
         "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"),
         str(tmp_path / "in" / "book.xlsx")],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert "repair" not in (done.stdout + done.stderr).casefold()
    return (tmp_path / "out" / "book.xlsx").read_bytes()


with_libreoffice = pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice is not installed (soffice)"
)
