"""Columns computed by a named, cited formula (scenario reference, section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa_models import tariffs
from perequa_models.columns import Column
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perequa_models.problems import Path, Problems
    from perequa_models.scenario import Derive, Scenario
    from perequa_models.tree import Tree

_YES = {"1", "yes", "oui", "true"}
_NO = {"0", "no", "non", "false"}
_NO_SHARE = 3.0
"""No home receives three times its tariff equation or is three times full: 93 means 93 %."""
_GIRS = tuple(f"gir{i}" for i in range(1, 7))


class _NotStated(Exception):
    """An argument the formula needs is missing or is not of its kind."""

    def __init__(self, argument: str, received: str, accepted: str) -> None:
        self.argument = argument
        self.received = received
        self.accepted = accepted
        super().__init__(argument)


@dataclass(frozen=True)
class _Row:
    """The arguments of one row, read (and checked) only when the formula needs them."""

    values: Mapping[str, Any]

    def number(self, name: str) -> float:
        """Return a figure."""
        value = self.values[name]
        if _absent(value):
            raise _NotStated(name, "nothing", "a number")
        if isinstance(value, str):
            raise _NotStated(name, value, "a number")
        if value < 0:
            raise _NotStated(name, f"{value:g}", "a number, 0 or more")
        return float(value)

    def share(self, name: str) -> float:
        """Return a share near one; a percentage without its sign is refused."""
        value = self.number(name)
        if value > _NO_SHARE:
            raise _NotStated(name, f"{value:g}", "a share, e.g. 0.93 or 93 %")
        return value

    def flag(self, name: str) -> bool:
        """Return yes or no, in any of the ways a table writes it."""
        value = self.values[name]
        word = _word(value)
        if word in _YES or word in _NO:
            return word in _YES
        raise _NotStated(name, "nothing" if _absent(value) else word, "yes or no (or 1, 0)")

    def tariff(self, name: str) -> tariffs.Tariff:
        """Return the tariff option."""
        value = self.values[name]
        word = _word(value)
        if word == "partial":
            return "partial"
        if word == "global":
            return "global"
        raise _NotStated(name, "nothing" if _absent(value) else word, "partial or global")


def _gmp(row: _Row, _year: int | None) -> float | None:
    residents = [row.number(name) for name in _GIRS]
    return tariffs.gmp(residents) if sum(residents) > 0 else None


def _dominic_2004(row: _Row, _year: int | None) -> float | None:
    # The conditions one after the other: a row is not asked for figures it does not need.
    gmp = row.number("gmp")
    applies = gmp > 700 and tariffs.dominic_2004_applies(
        gmp=gmp,
        residents=row.number("residents"),
        gir1=row.number("gir1"),
        gir2=row.number("gir2"),
        alzheimer=row.flag("alzheimer"),
    )
    if not applies:
        return None
    return tariffs.dominic_2004(
        gmp=gmp,
        residents=row.number("residents"),
        tariff=row.tariff("tariff"),
        pharmacy=row.flag("pharmacy"),
    )


def _gmps_ceiling(row: _Row, year: int | None) -> float | None:
    assert year is not None  # `_formula` makes sure
    return tariffs.gmps_ceiling(
        gmp=row.number("gmp"),
        pmp=row.number("pmp"),
        places=row.number("places"),
        tariff=row.tariff("tariff"),
        pharmacy=row.flag("pharmacy"),
        overseas=row.flag("overseas"),
        year=year,
    )


def _occupancy_modulation(row: _Row, year: int | None) -> float | None:
    assert year is not None  # `_formula` makes sure
    return tariffs.occupancy_modulation(
        allocation=row.share("allocation"), occupancy=row.share("occupancy"), year=year
    )


def _activity_cost(row: _Row, _year: int | None) -> float | None:
    return tariffs.activity_cost(activity=row.number("activity"), unit_cost=row.number("unit_cost"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula: its arguments, its years if it has any, and how a row is computed.

    `compute` returns None where the formula says it does not apply; `equation` is in LaTeX, and
    `words` says what stands in it.
    """

    arguments: tuple[str, ...]
    equation: str
    words: str
    compute: Callable[[_Row, int | None], float | None]
    years: tuple[int, ...] = ()


FORMULAS: Mapping[str, Formula] = {
    "activity_cost": Formula(
        arguments=("activity", "unit_cost"),
        equation=r"a u",
        words="a the activity of the year, u the value of the cost indicator for one of it",
        compute=_activity_cost,
    ),
    "dominic_2004": Formula(
        arguments=("gmp", "residents", *_GIRS, "alzheimer", "tariff", "pharmacy"),
        equation=r"v (\mathrm{GMP} + a) n",
        words=f"v = {tariffs.DOMINIC_VALUE['partial']} € (partial tariff) or "
        f"{tariffs.DOMINIC_VALUE['global']} € (global), a = {tariffs.DOMINIC_POINTS[False]:g} "
        f"points without or {tariffs.DOMINIC_POINTS[True]:g} with an in-house pharmacy, n the "
        "number of residents",
        compute=_dominic_2004,
    ),
    "gmp": Formula(
        arguments=_GIRS,
        equation=r"\frac{\sum_g p_g n_g}{\sum_g n_g}",
        words=f"p = {', '.join(f'{p:g}' for p in tariffs.GIR_POINTS)} points, n the number of "
        "residents, for GIR g = 1 … 6",
        compute=_gmp,
    ),
    "gmps_ceiling": Formula(
        arguments=("gmp", "pmp", "places", "tariff", "pharmacy", "overseas"),
        equation=r"v (\mathrm{GMP} + 2.59 \mathrm{PMP}) n",
        words="v in euros a point, by year, tariff and in-house pharmacy, 20 % more overseas; n "
        "the number of places",
        compute=_gmps_ceiling,
        years=tuple(tariffs.GMPS_VALUE),
    ),
    "occupancy_modulation": Formula(
        arguments=("allocation", "occupancy"),
        equation=r"1 - \frac{1}{2} \max(0, \theta - o)",
        words="o the occupancy, θ the threshold of the year: 95 % for a home that receives its "
        "whole tariff equation, 90 % (2018) rising by a point a year to 95 % (2023) for one that "
        "receives 90 % of it or more, none below; 95 % for every home in 2024",
        compute=_occupancy_modulation,
        years=(*tariffs.OCCUPANCY_THRESHOLD, 2024),
    ),
}


def derive_columns(
    scenario: Scenario, tree: Tree, columns: Mapping[str, Column], problems: Problems
) -> dict[str, Column]:
    """Add the derived columns to those of the tables, in the order of the file.

    Parameters
    ----------
    scenario
        Its `derive` section says what to compute.
    tree
        All territories.
    columns
        Columns of the tables.
    problems
        Grows with unknown formulas and columns, and values that are missing or wrong.

    Returns
    -------
    dict
        All columns by name, those derived included (a column that failed is left out).
    """
    known = dict(columns)
    for name, derive in scenario.derive.items():
        path: Path = ("derive", name)
        formula = _formula(derive, path, problems)
        if name in known:
            problems.error(
                "repeated_column",
                f"{known[name].table} already holds a column {name!r}",
                path=path,
                received=name,
                remedy="give the derived column another name",
            )
        elif formula is not None:
            made = _Work(tree, known, problems, name, derive, formula).column()
            if made is not None:
                known[name] = made
    return known


def _formula(derive: Derive, path: Path, problems: Problems) -> Formula | None:
    """Find a formula by its name, with the year it needs."""
    formula = FORMULAS.get(derive.formula)
    if formula is None:
        problems.error(
            "unknown_formula",
            f"no formula {derive.formula!r} in this version",
            path=(*path, "formula"),
            received=derive.formula,
            accepted=", ".join(FORMULAS),
            nearest=nearest(derive.formula, FORMULAS),
            remedy="name one of these formulas, or put the figures in a column of a table",
        )
        return None
    years = ", ".join(str(y) for y in formula.years)
    wrong = derive.year not in formula.years if formula.years else derive.year is not None
    if wrong:
        problems.error(
            "unknown_year",
            f"formula {derive.formula} has no values for that year"
            if formula.years
            else f"formula {derive.formula} has no year",
            path=(*path, "year") if derive.year is not None else path,
            received="nothing" if derive.year is None else str(derive.year),
            accepted=years or "no year",
            remedy=f"state year: one of {years}" if formula.years else "drop year",
        )
        return None
    return formula


class _Work:
    """Computes one derived column."""

    def __init__(
        self,
        tree: Tree,
        known: Mapping[str, Column],
        problems: Problems,
        name: str,
        derive: Derive,
        formula: Formula,
    ) -> None:
        self._tree = tree
        self._known = known
        self._problems = problems
        self._name = name
        self._derive = derive
        self._formula = formula
        self._path: Path = ("derive", name)

    def column(self) -> Column | None:
        """Compute the column; None (with problems) when an argument is not a column."""
        arguments = self._arguments()
        otherwise = None
        if self._derive.otherwise is not None:
            otherwise = self._figures(self._derive.otherwise.column)
            if otherwise is None:
                return None
        level = None if arguments is None else self._level(arguments)
        if arguments is None or level is None:
            return None
        shape = _shape(list(arguments.values()))
        values = np.full(shape, np.nan)
        first = next(iter(arguments.values()))
        rows = np.full(shape, -1, dtype=np.intp)
        for node in self._tree.at(level):
            for m, y in np.ndindex(shape[1], shape[2]):
                at = (int(node), m, y)
                values[at] = self._value(arguments, otherwise, at)
                rows[at] = _at(first.rows, at)
        return Column(name=self._name, table=first.table, values=values, rows=rows)

    def _arguments(self) -> dict[str, Column] | None:
        """Find the column of every argument: the one `from` names, else that of the same name."""
        renamed = self._derive.from_
        for key in renamed:
            if key not in self._formula.arguments:
                self._unknown(key, self._formula.arguments, "argument", (*self._path, "from", key))
        found = {}
        for argument in self._formula.arguments:
            name = renamed.get(argument, argument)
            column = self._known.get(name)
            if column is None:
                where = ("from", argument) if argument in renamed else ("formula",)
                self._unknown(name, tuple(self._known), "column", (*self._path, *where))
            else:
                found[argument] = column
        complete = len(found) == len(self._formula.arguments)
        return found if complete and set(renamed) <= set(self._formula.arguments) else None

    def _figures(self, name: str) -> Column | None:
        """Find the column used where the formula does not apply."""
        column = self._known.get(name)
        if column is not None and not column.is_text:
            return column
        self._unknown(name, tuple(self._known), "column of figures", (*self._path, "otherwise"))
        return None

    def _level(self, arguments: Mapping[str, Column]) -> str | None:
        """Find the finest level at which every argument is stated somewhere."""
        for level in reversed(self._tree.levels):
            nodes = self._tree.at(level)
            if all((column.rows[nodes] >= 0).any() for column in arguments.values()):
                return level
        self._problems.error(
            "no_common_level",
            f"no level of territories holds every argument of {self._derive.formula}",
            path=self._path,
            received=", ".join(f"{a}: {c.table}" for a, c in arguments.items()),
            remedy="state the arguments for the same territories",
        )
        return None

    def _value(
        self, arguments: Mapping[str, Column], otherwise: Column | None, at: tuple[int, ...]
    ) -> float:
        """Compute one row; NaN (with a problem) when it cannot be."""
        row = _Row({name: _at(column.values, at) for name, column in arguments.items()})
        try:
            value = self._formula.compute(row, self._derive.year)
        except _NotStated as wrong:
            self._cell(arguments[wrong.argument], at, wrong.received, wrong.accepted)
            return np.nan
        if value is not None:
            return value
        if otherwise is None:
            self._does_not_apply(next(iter(arguments.values())), at)
            return np.nan
        stated = float(_at(otherwise.values, at))
        if np.isnan(stated):
            self._cell(otherwise, at, "nothing", "a number")
        return stated

    def _cell(self, column: Column, at: tuple[int, ...], received: str, accepted: str) -> None:
        territory = self._tree.nodes[at[0]]
        self._problems.error(
            "missing_value" if received == "nothing" else "wrong_value",
            f"{self._derive.formula} cannot be computed for {territory.id} ({territory.name})",
            path=self._path,
            cell=column.cell(*at),
            received=received,
            accepted=accepted,
            remedy=f"state {column.name} for {territory.id} in {column.table}",
        )

    def _does_not_apply(self, column: Column, at: tuple[int, ...]) -> None:
        territory = self._tree.nodes[at[0]]
        self._problems.error(
            "formula_does_not_apply",
            f"{self._derive.formula} does not apply to {territory.id} ({territory.name})",
            path=self._path,
            cell=column.cell(*at),
            received="a row outside the formula's conditions",
            accepted="a row within them, or otherwise: {column: C}",
            remedy="state otherwise, with the value of such rows in a column",
        )

    def _unknown(self, name: str, known: tuple[str, ...], what: str, path: Path) -> None:
        self._problems.error(
            f"unknown_{what.split(maxsplit=1)[0]}",
            f"no {what} {name!r} for formula {self._derive.formula}",
            path=path,
            received=name,
            accepted=", ".join(sorted(known)),
            nearest=nearest(name, known),
            remedy=f"name a {what}",
        )


def _shape(columns: list[Column]) -> tuple[int, int, int]:
    n = columns[0].values.shape[0]
    return (
        n,
        max(column.values.shape[1] for column in columns),
        max(column.values.shape[2] for column in columns),
    )


def _at(values: Any, at: tuple[int, ...]) -> Any:  # noqa: ANN401 - a figure, a word or a row
    """Read a cell; a column without measures or years holds for all of them."""
    node, m, y = at
    return values[node, min(m, values.shape[1] - 1), min(y, values.shape[2] - 1)]


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))


def _word(value: object) -> str:
    """Write a value as a word: 1.0 read from a column of figures is 1."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip().lower()
