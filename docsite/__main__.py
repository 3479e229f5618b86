"""Builds the site: `python -m docsite` from the top of the repository (`make docs`)."""

from __future__ import annotations

import sys
from pathlib import Path

from docsite.staging import stage
from docsite.zensical import build

TOP = Path(__file__).resolve().parents[1]

stage(TOP, TOP / "build")
sys.exit(build(TOP, TOP / "build"))
