"""Writes the manifests of a folder again, as a forger would."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def resigned(folder: Path) -> None:
    """Write the manifests again, as a forger would, the inner ones first."""
    inner = sorted(folder.rglob("manifest.json"), key=lambda p: -len(p.parts))
    for manifest in inner:
        home = manifest.parent
        files = {
            p.relative_to(home).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in home.rglob("*")
            if p.is_file() and p != manifest
        }
        text = json.dumps({"files": files}, indent=1, sort_keys=True) + "\n"
        manifest.write_text(text, encoding="utf-8")
