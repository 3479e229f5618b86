"""Calendars of tariff convergence: what part of the gap goes each year, and what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CalendarName = Literal["2010_2016", "2010_2016_printed", "2017_2023"]

CALENDARS: Mapping[CalendarName, Mapping[int, float]] = {
    "2010_2016": dict(
        zip(range(2010, 2017), (1 / 10, 1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, 1.0), strict=True)
    ),
    "2010_2016_printed": dict(
        zip(range(2010, 2017), (0.10, 0.1666, 0.20, 0.25, 0.3333, 0.50, 1.0), strict=True)
    ),
    "2017_2023": {year: 1 / (2024 - year) for year in range(2017, 2024)},
}
"""Part of the gap still open that each year closes.

`2010_2016`: order on the convergence of care tariffs towards their ceiling (Légifrance
LEGIARTI000025036099), as the fractions it means; `2010_2016_printed`: the percentages it prints
(16.66 and 33.33). `2017_2023`: one seventh of the first gap a year, which is 1/7, 1/6 … 1 of the
gap still open (Senate, opinion l16-114-3 on the social security finance bill for 2017).
"""


def closed_each_year(
    calendar: CalendarName | Mapping[int, float], years: Sequence[int]
) -> list[float]:
    """Part of the gap still open that each year of a plan closes; 0 where nothing is said."""
    stated = CALENDARS[calendar] if isinstance(calendar, str) else calendar
    return [stated.get(year, 0.0) for year in years]


def left_after(closed: Sequence[float]) -> list[float]:
    """Part of the first gap that is left at the end of each year.

    Parameters
    ----------
    closed
        Part of the gap still open that each year closes.
    """
    left, rest = [], 1.0
    for part in closed:
        rest *= 1.0 - part
        left.append(rest)
    return left
