"""Tables as CSV: the same bytes as Python's csv module writes, cell by cell."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
from drawn import QUICK
from hypothesis import given
from hypothesis import strategies as st

from perequa.interpret.tables import Table, cell, shortest
from perequa.report.texts import csv_bytes

TEXT = st.text(st.sampled_from("ab ,;\"'\n\té€-1"), max_size=6)
FIGURES = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1e-4, 9.9e-5, 1e16, 1e15, -1580.0]))
COLUMNS = (
    TEXT,
    FIGURES,
    st.one_of(FIGURES, st.none()),
    FIGURES.map(np.float64),
    st.none(),
    st.integers(),
    st.one_of(st.integers(), st.none()),
    st.booleans(),
    st.one_of(TEXT, FIGURES, st.none(), st.booleans()),
)


def by_the_csv_module(table: Table) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([cell(value) for value in row] for row in table.rows)
    return stream.getvalue().encode()


@given(st.lists(st.tuples(*COLUMNS), max_size=8))
@QUICK
def test_the_same_bytes_as_the_csv_module(rows: list[tuple[object, ...]]) -> None:
    table = Table(tuple(f"c{i}" for i in range(len(COLUMNS))), tuple(rows))
    assert csv_bytes(table) == by_the_csv_module(table)


def test_cells_by_hand() -> None:
    rows = (("a,b", 1580.0, None, 3), ('say "x"', -0.0, 0.1, 4), ("", math.inf, 1e-5, 5))
    written = csv_bytes(Table(("one", "two", "three", "four"), rows)).decode()
    assert written == ('one,two,three,four\n"a,b",1580.0,,3\n"say ""x""",0.0,0.1,4\n,inf,1e-05,5\n')


def test_floats_are_written_as_python_writes_them() -> None:
    """Of every size, of few digits and of many, and the neighbours of powers of ten."""
    draw = np.random.default_rng(0)
    tens = 10.0 ** np.arange(-330, 309)
    any_bits = draw.integers(0, 2**64, 20_000, dtype=np.uint64).view(np.float64)
    figures = np.concatenate(
        [
            any_bits[~np.isnan(any_bits)],
            10.0 ** draw.uniform(-6, 18, 20_000),
            np.round(10.0 ** draw.uniform(-3, 9, 20_000), 2),
            draw.integers(-(10**17), 10**17, 20_000).astype(np.float64),
            tens,
            np.nextafter(tens, 0.0),
            np.nextafter(tens, np.inf),
        ]
    )
    assert shortest(figures) == [cell(v) for v in figures.tolist()]
