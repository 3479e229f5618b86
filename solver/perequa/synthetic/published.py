"""Published figures that synthetic homes are drawn around, each with who published it.

None is that of a home: the national averages are the only ones that are published.
"""

from __future__ import annotations

MEAN_GMP, MEAN_PMP = 726.0, 213.0
"""Points, all care homes, 2017: CNSA, *La situation des EHPAD en 2017*, as reported by ASH no. 3111
of May 2019 (which prints the two figures under each other's name)."""

CARE_PER_PLACE = 12_782.0
"""Euros of care credits for a place, mean of all statuses and options, 2015: CNSA, *Bilan de la
tarification et de la médicalisation des EHPAD en 2015*, as reported by ASH no. 2969."""

STATUSES = {"public": 0.42, "non_profit": 0.32, "commercial": 0.26}
"""Share of the homes by legal status, 2015: the same."""

TARIFFS = {
    ("partial", "no"): 4_888,
    ("partial", "yes"): 166,
    ("global", "yes"): 1_052,
    ("global", "no"): 743,
}
"""Homes by tariff option and in-house pharmacy, 2015: the same."""

SPREAD_OF_CAPACITY = 0.497
"""Standard deviation of the logarithm of the places of the 7 485 homes of the CNSA directory of
2020."""
