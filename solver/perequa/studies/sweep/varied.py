"""What is varied, as typed after ``--vary`` or stated in a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.studies.sweep.distributions import Choice, Lognormal, Normal, Triangular, Uniform
from perequa_models.errors import UsageError
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perequa.studies.sweep.distributions import Distribution

LEAST_INSIDE = 1e-3
"""Share of a normal distribution that must lie between its ends: less is another distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """A figure and how it is drawn.

    Attributes
    ----------
    figure
        A column of the tables, or the path of a number in the scenario (with dots, as in --set).
    distribution
        Of its factor, or of the column that takes its place.
    written
        The distribution as typed.
    """

    figure: str
    distribution: Distribution
    written: str


def read_varied(text: str) -> Varied:
    """Read ``FIGURE=LOW..HIGH`` or ``FIGURE=NAME:…`` (see `read_distribution`).

    Raises
    ------
    UsageError
        When it is not written so.
    """
    figure, equals, written = text.partition("=")
    if not equals or not figure.strip():
        message = f"--vary {text}: FIGURE=DISTRIBUTION is needed (accepted: {ACCEPTED})"
        raise UsageError(message)
    found = read_distribution(written.strip(), f"--vary {text}")
    return Varied(figure=figure.strip(), distribution=found, written=written.strip())


def read_distribution(written: str, where: str) -> Distribution:
    """Read a distribution as typed after ``FIGURE=``, or stated in a table.

    Parameters
    ----------
    written
        ``LOW..HIGH``, or the name of a distribution, a colon, and what it takes.
    where
        What an error begins with.

    Raises
    ------
    UsageError
        When it is not written so, or its numbers make no distribution.
    """
    name, colon, rest = written.partition(":")
    if not colon:
        name, rest = "uniform", written
    name = name.strip()
    if name not in READERS:
        close = nearest(name, READERS)
        hint = f"; did you mean {close}?" if close else ""
        message = f"{where}: no distribution {name!r}{hint} (accepted: {ACCEPTED})"
        raise UsageError(message)
    reader, form = READERS[name]
    try:
        return reader(rest)
    except ValueError as error:
        message = f"{where}: {error} (accepted: {form})"
        raise UsageError(message) from error


def _uniform(text: str) -> Uniform:
    low, high = _ends(text)
    return Uniform(low=low, high=high)


def _triangular(text: str) -> Triangular:
    parts = _numbers(text.split(".."))
    if len(parts) != 3:
        raise ValueError("three factors are needed: the least, the most frequent, the greatest")
    low, mode, high = parts
    _check_ends(low, high)
    if not low <= mode <= high:
        raise ValueError("the most frequent factor must stand between the two others")
    return Triangular(low=low, mode=mode, high=high)


def _normal(text: str) -> Distribution:
    mean, deviation, low, high = _around(text, "mean")
    return _mostly_inside(Normal(mean=mean, deviation=deviation, low=low, high=high))


def _lognormal(text: str) -> Distribution:
    median, deviation, low, high = _around(text, "median")
    if median <= 0.0:
        raise ValueError("the median must be above 0")
    return _mostly_inside(Lognormal(median=median, deviation=deviation, low=low, high=high))


def _around(text: str, centre: str) -> tuple[float, float, float, float]:
    parts = text.split(",")
    if len(parts) != 3:
        message = f"a {centre}, a standard deviation and two ends are needed, with commas between"
        raise ValueError(message)
    found, deviation = _numbers(parts[:2])
    low, high = _ends(parts[2])
    if deviation <= 0.0:
        raise ValueError("the standard deviation must be above 0")
    return found, deviation, low, high


def _mostly_inside(found: Normal | Lognormal) -> Normal | Lognormal:
    """Refuse ends between which the distribution hardly ever is."""
    if not found.inside >= LEAST_INSIDE:
        message = f"only {found.inside:.1g} of the distribution lies between its ends"
        raise ValueError(message)
    return found


def _choice(text: str) -> Choice:
    names, shares = [], []
    for part in text.split(","):
        name, at, share = part.partition("@")
        names.append(name.strip())
        shares.append(_numbers([share])[0] if at else 1.0)
    if len(names) < 2 or not all(names):
        raise ValueError("two columns or more are needed, with commas between")
    if len(set(names)) < len(names):
        raise ValueError("a column is named twice")
    if not all(share > 0.0 for share in shares) or not math.isfinite(sum(shares)):
        raise ValueError("shares must be above 0")
    return Choice(columns=tuple(names), shares=tuple(shares))


def _ends(text: str) -> tuple[float, float]:
    parts = _numbers(text.split(".."))
    if len(parts) != 2:
        raise ValueError("two factors above 0 are needed, the smaller first")
    _check_ends(parts[0], parts[1])
    return parts[0], parts[1]


def _check_ends(low: float, high: float) -> None:
    if not 0.0 < low < high:
        raise ValueError("two factors above 0 are needed, the smaller first")


def _numbers(parts: Sequence[str]) -> list[float]:
    found = []
    for part in parts:
        try:
            number = float(part)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or "_" in part:
            message = f"{part.strip()!r} is not a number"
            raise ValueError(message)
        found.append(number)
    return found


READERS: dict[str, tuple[Callable[[str], Distribution], str]] = {
    "uniform": (_uniform, "LOW..HIGH, e.g. 0.95..1.05"),
    "triangular": (_triangular, "triangular:LOW..MODE..HIGH, e.g. triangular:0.9..1..1.2"),
    "normal": (_normal, "normal:MEAN,DEVIATION,LOW..HIGH, e.g. normal:1,0.05,0.85..1.15"),
    "lognormal": (
        _lognormal,
        "lognormal:MEDIAN,DEVIATION OF THE LOGARITHM,LOW..HIGH, e.g. lognormal:1,0.1,0.7..1.4",
    ),
    "choice": (_choice, "choice:COLUMN[@SHARE],COLUMN[@SHARE],…, e.g. choice:pop_low,pop_75p@2"),
}
"""What reads each distribution, and how it is written."""
ACCEPTED = "FIGURE=LOW..HIGH, or FIGURE=" + ", ".join(
    form for _, form in list(READERS.values())[1:]
)
