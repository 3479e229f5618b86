"""What a comparison says of itself: ``study.json``."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from perequa import __version__
from perequa.report.record import LIBRARIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.comparison.attribution import Effort
    from perequa.comparison.sides import Side
    from perequa.comparison.study import Against, Comparison


def study_record(
    found: Comparison, arguments: Sequence[str], effort: Effort, lang: str
) -> dict[str, Any]:
    """Say what was asked, what was read and how it was compared."""
    return {
        "schema_version": 1,
        "perequa": __version__,
        "study": "compare",
        "asked": {
            "arguments": list(arguments),
            "exact": effort.exact,
            "orders": effort.orders,
            "seed": effort.seed,
        },
        "lang": lang,
        "status": "optimal" if found.base.has_plan else found.base.status,
        "compared_with": found.base.name,
        "level": found.level or None,
        "scenarios": [_side(side) for side in found.sides],
        "attribution": [_attribution(one) for one in found.against],
        "notes": list(found.notes),
        "tables": {name: list(table.columns) for name, table in found.tables.items()},
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        "timings": {name: round(spent, 6) for name, spent in found.seconds.items()},
    }


def _side(side: Side) -> dict[str, Any]:
    raw = side.raw
    files = {} if raw is None else raw.files
    return {
        "name": side.name,
        "argument": side.asked.written,
        "kind": side.asked.kind,
        "variants": [] if raw is None else list(raw.variants),
        "status": side.status,
        "exit_code": side.exit_code,
        "reason": side.reason or None,
        "fingerprint": side.fingerprint or None,
        "scenario": None if raw is None else raw.data,
        "inputs": {k: hashlib.sha256(files[k].content).hexdigest() for k in sorted(files)},
    }


def _attribution(against: Against) -> dict[str, Any]:
    found = against.attribution
    return {
        "scenario": against.side.name,
        "changes": [
            {"name": c.name, "idle": c.idle, "parts": [str(item) for item in c.items]}
            for c in against.changes
        ],
        "method": None if found is None else found.method,
        "combinations_solved": 0 if found is None else found.solved,
        "refused": None if found is None else found.refused or None,
    }
