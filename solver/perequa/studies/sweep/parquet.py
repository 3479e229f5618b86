"""``points.parquet``: one row for each point, in row groups of whole chunks."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from perequa.studies.sweep.asking import STATUSES
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from perequa.studies.sweep.asking import Floats, Found
    from perequa.studies.sweep.design import Design
    from perequa.studies.sweep.ordering import Indices


GROUP = 1000
"""Points of a row group, at least: one for each chunk costs as much time as solving it."""


def need_parquet() -> None:
    """Refuse to begin where the result could not be written.

    Raises
    ------
    UsageError
        With what to install.
    """
    if find_spec("pyarrow") is None:
        raise UsageError("a sweep is saved as Parquet: pip install 'perequa[sweep]'")


def write_points(
    place: Path,
    design: Design,
    columns: Sequence[str],
    answered: Iterable[tuple[Indices, Found]],
) -> None:
    """Write chunk after chunk, in the order given; one row group at a time is in memory.

    Parameters
    ----------
    place
        The file.
    design
        What was varied.
    columns
        Names of all columns: point, those of the design, status, values, shares.
    answered
        The points of each chunk, and what was found.
    """
    # imported here: an extra, and half a second
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    figures = len(columns) - 2 - len(design.names)
    varied = [pa.string() if name in design.choices else pa.float64() for name in design.names]
    kinds = [pa.int64(), *varied, pa.string()]
    schema = pa.schema(list(zip(columns, [*kinds, *[pa.float64()] * figures], strict=True)))
    with pq.ParquetWriter(place, schema) as writer:
        for some in _grouped(answered):
            rows = np.concatenate([rows for rows, _ in some])
            status = [STATUSES[code] for _, found in some for code in found.status]
            told = np.vstack([np.hstack([found.values, found.shares]) for _, found in some])
            arrays = [
                pa.array(rows + 1),
                *(pa.array(_written(design, d, rows)) for d in range(len(design.names))),
                pa.array(status),
                # what was not found is missing, not NaN
                *(pa.array(column, from_pandas=True) for column in told.T),
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _written(design: Design, d: int, rows: Indices) -> list[str] | Floats:
    """Return a column of the design: weights, factors, or the names of columns chosen."""
    found = design.points[rows, d]
    columns = design.choices.get(design.names[d])
    return found if columns is None else [columns[int(position)] for position in found]


def _grouped(answered: Iterable[tuple[Indices, Found]]) -> Iterator[list[tuple[Indices, Found]]]:
    """Gather chunks until there are enough points for a row group."""
    some: list[tuple[Indices, Found]] = []
    for chunk in answered:
        some.append(chunk)
        if sum(len(rows) for rows, _ in some) >= GROUP:
            yield some
            some = []
    if some:
        yield some
