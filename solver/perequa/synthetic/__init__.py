"""Scenarios of national size whose establishments do not exist, calibrated on published totals."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal

from perequa.io.yaml_text import write_yaml
from perequa.synthetic.establishments import establishments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.synthetic.tables import Rows

Kind = Literal["establishments"]
YEARS = (2025, 2026, 2027, 2028, 2029)


def synthetic_files(
    kind: Kind, count: int, seed: int = 1, years: Sequence[int] = YEARS
) -> Mapping[str, bytes]:
    drawn = establishments(count, years, seed)
    return {
        name: _csv(content) if name.endswith(".csv") else write_yaml(content).encode()
        for name, content in drawn.items()
    }


def _csv(rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
