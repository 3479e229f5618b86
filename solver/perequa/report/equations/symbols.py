"""How figures, names and indices are written in equations.

No underscore and no backslash before a punctuation mark ever stands in an equation: Markdown
viewers take such pairs for their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa.report.document import Line, code, joined, maths, say
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perequa_models.columns import Column
    from perequa_models.instance import Instance
    from perequa_models.rules.grammar import Quantity, RuleSpec
    from perequa_models.tree import Indices

LETTERS: dict[Quantity | Literal["freed"], str] = {
    "places": "x",
    "credits": "k",
    "full_year_credits": "f",
    "stock": "S",
    "budget": "G",
    "freed": "v",
    "projects": "Z",
    "freed_places": "L",
}
"""Letter of each quantity that a row sums."""
LISTED = 120
"""Members of a set written out; of a larger one the first and the number of the others."""


def figure(value: float) -> str:
    """Write a figure in text: up to 12 significant digits, thousands apart."""
    return f"{value + 0.0:,.12g}".replace(",", "\u202f")


def maths_figure(value: float) -> str:
    """Write a figure in an equation."""
    written = f"{value + 0.0:,.12g}" if abs(value) >= 1e4 else f"{value + 0.0:.12g}"
    mantissa, e, exponent = written.partition("e")
    if e:
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return rf"\text{{{written.replace(',', ' ')}}}" if "," in written else written


def word(name: str) -> str:
    """Write a name in an equation: ``day_care`` is written *day-care* there."""
    return rf"\text{{{re.sub('[^0-9A-Za-z:.-]', '-', name)}}}"


def index(letters: Iterable[str]) -> str:
    """Write indices: ``tmy`` when each is a letter, with commas otherwise."""
    listed = [letter for letter in letters if letter]
    plain = all(re.fullmatch("[a-z]", letter) for letter in listed)
    return ("" if plain else ",").join(listed)


def with_index(symbol: str, letters: Iterable[str]) -> str:
    """Write a symbol with its indices, if any."""
    written = index(letters)
    return f"{symbol}_{{{written}}}" if written else symbol


def level_set(instance: Instance, level: str) -> str:
    """Symbol of the territories of a level."""
    return r"\mathcal{T}" if level == instance.level else rf"\mathcal{{T}}_{{{word(level)}}}"


def counted(n: int, noun: str) -> str:
    """Write a number of things: ``1 row``, ``18 rows``."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{figure(n)} {noun if n == 1 else plural}"


def column_line(instance: Instance, name: str) -> Line:
    """Say which column, and of which table, or by which formula."""
    column: Column | None = instance.columns.get(name)
    derived = instance.scenario.derive.get(name)
    if derived is not None:
        return say("column {} (formula {})", code(name), code(derived.formula))
    if column is None:
        return say("column {}", code(name))
    return say("column {} of {}", code(name), code(column.table))


def territories_line(instance: Instance, nodes: Sequence[int] | Indices) -> Line:
    """List territories by code and name."""
    shown = [instance.tree.nodes[int(node)] for node in nodes[:LISTED]]
    lines = [say("{} {}", code(t.code), t.name) for t in shown]
    more = len(nodes) - len(shown)
    return (*joined(lines), *(say(" and {} more", str(more)) if more else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One index of an equation.

    Attributes
    ----------
    letter
        What stands in the quantity summed.
    over
        Set summed over, empty when nothing is summed.
    free, runs
        Index that tells the rows apart, and the set it runs over; empty when there is one group.
    """

    letter: str
    over: str = ""
    free: str = ""
    runs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The indices of a rule: over which cells each row sums, and for which groups it stands.

    Attributes
    ----------
    axes
        Territories, measures, years.
    notes
        What the sets named in `axes` hold.
    """

    axes: tuple[Axis, Axis, Axis]
    notes: tuple[Line, ...]

    def summed(self, symbol: str, *, shift: str = "") -> str:
        """Write the sum of a quantity; `shift` changes the year's index."""
        sums = "".join(rf"\sum_{{{a.letter} \in {a.over}}} " for a in self.axes if a.over)
        letters = [axis.letter for axis in self.axes]
        return sums + with_index(symbol, [*letters[:2], letters[2] + shift])

    def of_group(self, symbol: str) -> str:
        """Write something each group has one of: its limit, its reserve."""
        return with_index(symbol, [axis.free for axis in self.axes])

    @property
    def every(self) -> str:
        """For which groups, in LaTeX; empty when there is one."""
        free = [rf"{a.free} \in {a.runs}" for a in self.axes if a.free]
        return r" \qquad \forall " + r", \enspace ".join(free) if free else ""


def frame(
    instance: Instance,
    name: str,
    spec: RuleSpec,
    cells: Indices,
    years: Iterable[int | None],
    *,
    by_year: bool,
) -> Frame:
    """Find the indices of a rule.

    Parameters
    ----------
    name, spec
        The rule.
    cells
        Flat positions of every cell its rows sum.
    years
        Years of its groups, None for a group of several.
    by_year
        Whether the year always separates groups.
    """
    t, m, y = (np.unique(axis) for axis in np.unravel_index(cells, instance.shape))
    notes: list[Line] = []
    separate_years = by_year or "year" in spec.by
    named = sorted({instance.years.index(year) for year in years if year is not None})
    return Frame(
        axes=(
            _territories(instance, name, spec, t, notes),
            _measures(instance, name, spec, m, notes),
            _years(instance, name, np.array(named) if separate_years else y, separate_years, notes),
        ),
        notes=tuple(notes),
    )


def _territories(
    instance: Instance, name: str, spec: RuleSpec, chosen: Indices, notes: list[Line]
) -> Axis:
    """Index of the territories; `chosen` are positions of the decision territories."""
    every = r"\mathcal{T}"
    if len(chosen) == 1:
        only = instance.territories[int(chosen[0])]
        notes.append(say("{}: {}.", maths(word(only.id)), only.name))
        return Axis(letter=word(only.id))
    if len(chosen) < len(instance.nodes):
        every = rf"\mathcal{{T}}_{{{word(name)}}}"
        told = counted(len(chosen), "territory")
        listed = territories_line(instance, instance.nodes[chosen])
        notes.append(say("{}: {}, {}.", maths(every), told, listed))
    across = [item.column for item in spec.by if isinstance(item, ColumnRef)]
    levels = [instance.level if item == "territory" else item for item in spec.by]
    named = [item for item in levels if item in instance.tree.levels]
    if across:
        notes.append(
            say(
                r"$\mathcal{H}$: the values of {}; $\mathcal{T}_h$: the territories that hold $h$.",
                column_line(instance, across[0]),
            )
        )
        return Axis(letter="t", over=r"\mathcal{T}_h", free="h", runs=r"\mathcal{H}")
    if not named:
        return Axis(letter="t", over=every)
    level = max(named, key=instance.tree.levels.index)
    if level == instance.level:
        return Axis(letter="t", free="t", runs=every)
    notes.append(say(r"$\mathcal{T}_u$: the territories below $u$."))
    inside = r"\mathcal{T}_u" if every == r"\mathcal{T}" else rf"\mathcal{{T}}_u \cap {every}"
    return Axis(letter="t", over=inside, free="u", runs=level_set(instance, str(level)))


def _measures(
    instance: Instance, name: str, spec: RuleSpec, chosen: Indices, notes: list[Line]
) -> Axis:
    if len(chosen) == 1:
        return Axis(letter=word(instance.measures[int(chosen[0])]))
    every = r"\mathcal{M}"
    if len(chosen) < len(instance.measures):
        every = rf"\mathcal{{M}}_{{{word(name)}}}"
        names = joined([say("{}", code(instance.measures[int(m)])) for m in chosen])
        notes.append(say("{}: {}.", maths(every), names))
    if "measure" in spec.by:
        return Axis(letter="m", free="m", runs=every)
    if "envelope" in spec.by:
        notes.append(say(r"$\mathcal{M}_e$: the measures of envelope $e$."))
        return Axis(letter="m", over=r"\mathcal{M}_e", free="e", runs=r"\mathcal{E}")
    return Axis(letter="m", over=every)


def _years(
    instance: Instance, name: str, chosen: Indices, separate: bool, notes: list[Line]
) -> Axis:
    if len(chosen) == 1:
        return Axis(letter=str(instance.years[int(chosen[0])]))
    every = r"\mathcal{Y}"
    if len(chosen) < len(instance.years):
        every = rf"\mathcal{{Y}}_{{{word(name)}}}"
        listed = ", ".join(str(instance.years[int(y)]) for y in chosen)
        notes.append(say("{}: {}.", maths(every), listed))
    return Axis(letter="y", free="y", runs=every) if separate else Axis(letter="y", over=every)
