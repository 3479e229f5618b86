"""Headings and codes of the tables printed, in words; the CSV files keep the codes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.words import Words


@cache
def headings(words: Words) -> Mapping[str, str]:
    """Return the heading of each column printed."""
    return {
        "territory": words.term("heading", "territory"),
        "territory_name": words.term("heading", "territory_name"),
        "measure": words.term("heading", "measure"),
        "year": words.term("heading", "year"),
        "places": words.term("heading", "places"),
        "credits": words.term("heading", "credits"),
        "reference_places": words.term("heading", "reference_places"),
        "reference_credits": words.term("heading", "reference_credits"),
        "due_after": words.term("heading", "due_after"),
        "change": words.term("heading", "change"),
        "indicator": words.term("heading", "indicator"),
        "level": words.term("heading", "level"),
        "moment": words.term("heading", "moment"),
        "national": words.term("heading", "national"),
        "min": words.term("heading", "min"),
        "max": words.term("heading", "max"),
        "range": words.term("heading", "range"),
        "gini": words.term("heading", "gini"),
        "priority": words.term("heading", "priority"),
        "objective": words.term("heading", "objective"),
        "value": words.term("heading", "value"),
        "initial_value": words.term("heading", "initial_value"),
        "unit": words.term("heading", "unit"),
        "step": words.term("heading", "step"),
        "status": words.term("heading", "status"),
        "handed_down": words.term("heading", "handed_down"),
        "used": words.term("heading", "used"),
        "unspent": words.term("heading", "unspent"),
        "integrated": words.term("heading", "integrated"),
        "cascade": words.term("heading", "cascade"),
        "difference": words.term("heading", "difference"),
        "planned": words.term("heading", "planned"),
        "funded": words.term("heading", "funded"),
        "opened": words.term("heading", "opened"),
        "realisation_rate": words.term("heading", "realisation_rate"),
        "from": words.term("heading", "from"),
        "to": words.term("heading", "to"),
        "plan": words.term("heading", "plan"),
        "area": words.term("heading", "area"),
        "scale": words.term("heading", "scale"),
        "limit": words.term("heading", "limit"),
        "slope_below": words.term("heading", "slope_below"),
        "slope_above": words.term("heading", "slope_above"),
        "slope_below_per_unit": words.term("heading", "slope_below_per_unit"),
        "slope_above_per_unit": words.term("heading", "slope_above_per_unit"),
        "point": words.term("heading", "point"),
        "exchange_rate_below": words.term("heading", "exchange_rate_below"),
        "exchange_rate_above": words.term("heading", "exchange_rate_above"),
        "price_of_equity_below": words.term("heading", "price_of_equity_below"),
        "price_of_equity_above": words.term("heading", "price_of_equity_above"),
        "in": words.term("heading", "in"),
        "least": words.term("heading", "least"),
        "most": words.term("heading", "most"),
        "weight": words.term("heading", "weight"),
        "least_weight": words.term("heading", "least_weight"),
        "most_weight": words.term("heading", "most_weight"),
        "gains": words.term("heading", "gains"),
        "loses": words.term("heading", "loses"),
        "least_change": words.term("heading", "least_change"),
        "mean_change": words.term("heading", "mean_change"),
        "most_change": words.term("heading", "most_change"),
        "mean_rank": words.term("heading", "mean_rank"),
        "output": words.term("heading", "output"),
        "below_target": words.term("heading", "below_target"),
    }


@cache
def codes(words: Words) -> Mapping[tuple[str, str], str]:
    """Return the words for the codes of some columns; other cells are printed as they are."""
    return {
        ("moment", "before"): words.term("moment", "before"),
        ("moment", "after"): words.term("moment", "after"),
        ("moment", "reference"): words.term("moment", "reference"),
        ("level", "nation"): words.term("level", "nation"),
        ("level", "zone"): words.term("level", "zone"),
        ("level", "region"): words.term("level", "region"),
        ("level", "department"): words.term("level", "department"),
        ("level", "establishment"): words.term("level", "establishment"),
        ("in", "places"): words.term("counted in", "places"),
        ("in", "money"): words.term("counted in", "money"),
        ("in", "credits"): words.term("counted in", "credits"),
        ("status", "optimal"): words.term("status", "optimal"),
        ("status", "infeasible"): words.term("status", "infeasible"),
        ("status", "invalid"): words.term("status", "invalid"),
        ("status", "limit"): words.term("status", "limit"),
        ("status", "not_solved"): words.term("status", "not_solved"),
    }
