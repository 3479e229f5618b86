"""``indices.csv``: how much of what varies is owed to each figure, by Sobol or by Morris.

SALib chooses the points and estimates the indices.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from perequa.interpret.tables import Table, Value
from perequa.studies.sweep.figures import quantiles
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.studies.sweep.design import Design
    from perequa.studies.sweep.varied import Varied

Floats = NDArray[np.float64]

FIGURE = ("figure", "distribution", "low", "high")
"""Columns that say which figure an index is of."""
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "sobol": {
        "first_order": "S1",
        "first_order_confidence": "S1_conf",
        "total": "ST",
        "total_confidence": "ST_conf",
    },
    "morris": {
        "mean_effect": "mu",
        "mean_absolute_effect": "mu_star",
        "mean_absolute_effect_confidence": "mu_star_conf",
        "deviation_of_effects": "sigma",
    },
}
"""Columns of the table, and SALib's name of each."""
LEVELS = 4
"""Of Morris's grid in each direction, as is customary."""
UNMOVED = 1e-9
"""Share of its size below which what an output moves is rounding."""


def need_salib() -> None:
    """Refuse to begin where indices could not be computed.

    Raises
    ------
    UsageError
        With what to install.
    """
    if find_spec("SALib") is None:
        raise UsageError("--indices are computed by SALib: pip install 'perequa[sweep]'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indices:
    """A method and what it looks at.

    Attributes
    ----------
    method
        Sobol's shares of variance, or Morris's elementary effects.
    varied
        What is varied, and how it is drawn.
    seed
        Of the points, and of the resampling behind the confidence of each index.
    """

    method: Literal["sobol", "morris"]
    varied: tuple[Varied, ...]
    seed: int

    def design(self, count: int) -> Design:
        """Return the points: count · (D + 2) for Sobol, count · (D + 1) for Morris.

        Raises
        ------
        UsageError
            When Sobol's sequence cannot have so many.
        """
        return quantiles(self.varied, self._shares(count))

    def table(self, count: int, outputs: Mapping[str, Floats]) -> Table:
        """Estimate the influence of every figure on every output.

        Parameters
        ----------
        count
            As given to `design`.
        outputs
            (N,) by name. An index of what never moves, or has no value somewhere, is missing.
        """
        columns = ("method", "output", *FIGURE, *COLUMNS[self.method])
        shares = self._shares(count)
        rows = [row for name, y in outputs.items() for row in self._rows(name, shares, y)]
        return Table(columns, tuple(rows))

    def _shares(self, count: int) -> Floats:
        """Return SALib's points between 0 and 1, (N, D): distributions make figures of them."""
        if self.method == "sobol":
            if count & (count - 1):
                message = f"--samples {count}: Sobol's sequence needs a power of 2 (64, 128, …)"
                raise UsageError(message)
            # imported here: an extra, and a second
            from SALib.sample import sobol  # noqa: PLC0415

            points = sobol.sample(self._problem(), count, calc_second_order=False, seed=self.seed)
        else:
            from SALib.sample import morris  # noqa: PLC0415

            points = morris.sample(self._problem(), count, num_levels=LEVELS, seed=self.seed)
        return np.ascontiguousarray(points)

    def _rows(self, name: str, shares: Floats, y: Floats) -> Iterator[tuple[Value, ...]]:
        keys = COLUMNS[self.method].values()
        found = self._estimated(shares, y) if moves(y) else None
        for d, varied in enumerate(self.varied):
            figures = [None if found is None else float(found[key][d]) for key in keys]
            low, high = varied.distribution.ends or (None, None)
            yield (self.method, name, varied.figure, varied.written, low, high, *figures)

    def _estimated(self, shares: Floats, y: Floats) -> Mapping[str, Any]:
        # SALib takes 0 for no seed at all
        seed = self.seed + 1
        found: Mapping[str, Any]
        if self.method == "sobol":
            from SALib.analyze import sobol  # noqa: PLC0415

            found = sobol.analyze(self._problem(), y, calc_second_order=False, seed=seed)
        else:
            from SALib.analyze import morris  # noqa: PLC0415

            found = morris.analyze(self._problem(), shares, y, num_levels=LEVELS, seed=seed)
        return found

    def _problem(self) -> dict[str, object]:
        return {
            "num_vars": len(self.varied),
            "names": [v.figure for v in self.varied],
            "bounds": [[0.0, 1.0]] * len(self.varied),
        }


def moves(y: Floats) -> bool:
    """Whether an output has a value everywhere and moves by more than rounding."""
    return bool(np.isfinite(y).all() and np.ptp(y) > UNMOVED * np.abs(y).max())
