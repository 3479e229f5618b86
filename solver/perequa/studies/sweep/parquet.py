"""``points.parquet``: one row for each point, one row group for each chunk."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from perequa.studies.sweep.asking import STATUSES
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from perequa.studies.sweep.asking import Found
    from perequa.studies.sweep.design import Design
    from perequa.studies.sweep.ordering import Indices


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
    """Write chunk after chunk, in the order given; one at a time is in memory.

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
    kinds = [pa.int64(), *[pa.float64()] * len(design.names), pa.string()]
    schema = pa.schema(list(zip(columns, [*kinds, *[pa.float64()] * figures], strict=True)))
    with pq.ParquetWriter(place, schema) as writer:
        for rows, found in answered:
            status = [STATUSES[code] for code in found.status]
            told = np.hstack([found.values, found.shares])
            arrays = [
                pa.array(rows + 1),
                *(pa.array(column) for column in design.points[rows].T),
                pa.array(status),
                # what was not found is missing, not NaN
                *(pa.array(column, from_pandas=True) for column in told.T),
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
