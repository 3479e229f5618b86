"""The published rates and equity measures against the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import RELATIVE, compare_column, compare_keys
from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.rates import Rates
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices


def check_indicators(notes: Notebook, published: Published) -> str:
    """Compare every rate of ``indicators.csv``."""
    model = published.model
    if not model.scenario.get("indicators"):
        return saying("no indicator")
    table = published.folder.table("indicators.csv")
    columns = ("indicator", "level", "territory", "year")
    keys = list(zip(*(table.column(c) for c in columns), strict=True))
    labels = ["/".join(key) for key in keys]
    compare_keys(notes, table.file, labels, _expected_rates(model, labels))
    moments = {
        name: _moments(published, model.rates(name)) for name in model.scenario["indicators"]
    }
    before, after, target = (np.full(len(keys), np.nan) for _ in range(3))
    for i, (name, level, territory, year) in enumerate(keys):
        if name not in moments or not year.isdigit() or int(year) not in model.years:
            continue
        y = model.years.index(int(year))
        nodes = _nodes(model, level, territory)
        rates = model.rates(name)
        people = rates.population[nodes, y].sum()
        before[i] = rates.per * moments[name]["before"][nodes, y].sum() / people
        after[i] = rates.per * moments[name]["after"][nodes, y].sum() / people
        target[i] = rates.target
    for column, expected in (
        ("before", before),
        ("after", after),
        ("target", target),
        ("target_before", target),
        ("gap_before", target - before),
        ("gap_after", target - after),
    ):
        compare_column(notes, table, column, expected, labels)
    return saying("{count} rates of indicators.csv", count=len(keys))


def check_equity(notes: Notebook, published: Published) -> str:
    """Compare every measure of ``equity.csv``."""
    model = published.model
    if not model.scenario.get("indicators"):
        return saying("no equity measure")
    table = published.folder.table("equity.csv")
    columns = ("indicator", "level", "year", "moment")
    keys = list(zip(*(table.column(c) for c in columns), strict=True))
    labels = ["/".join(key) for key in keys]
    if not compare_keys(notes, table.file, labels, _expected_measures(published)):
        return "equity.csv"
    expected: dict[str, list[float]] = {name: [] for name in MEASURES}
    counts: list[tuple[int, int]] = []
    for name, level, year, moment in keys:
        rates, y = model.rates(name), model.years.index(int(year))
        places = _moments(published, rates)[moment][:, y]
        nodes = model.tree.at(level)
        figures = equity_of(rates, nodes, places, y)
        for measure in MEASURES:
            expected[measure].append(figures[measure])
        counts.append(_below(rates, nodes, places, y))
    for measure, values in expected.items():
        compare_column(notes, table, measure, np.array(values), labels)
    for label, found, (least, most) in zip(
        labels, table.numbers("below_target"), counts, strict=True
    ):
        if not least <= found <= most:
            notes.wrong(table.file, label, "below_target", found, least)
    return saying("{count} rows of equity.csv", count=len(keys))


MEASURES = ("national", "min", "max", "range", "gini", "theil", "mean_absolute_gap")


def equity_of(rates: Rates, nodes: Indices, places: Floats, y: int) -> dict[str, float]:
    """Equity measures of the rates of one level in one year.

    Gini, Theil and the mean gap weigh by population and use their own mean; least, most and range
    count territories once.

    Parameters
    ----------
    places
        Numerator of every node, shape (N,).
    """
    people = rates.population[nodes, y]
    rate = rates.per * places[nodes] / people
    share = people / people.sum()
    mean = float(share @ rate)
    order = np.argsort(rate, kind="stable")
    # Σ v_s v_t |r_s − r_t| in one pass over the sorted rates.
    v, r = share[order], rate[order]
    spread = 2.0 * float(np.sum(v * (r * (np.cumsum(v) - v) - (np.cumsum(v * r) - v * r))))
    positive = rate > 0
    relative = rate[positive] / mean if mean else rate[positive]
    top = rates.model.tree.top
    return {
        "national": float(rates.per * places[top].sum() / rates.population[top, y].sum()),
        "min": float(rate.min()),
        "max": float(rate.max()),
        "range": float(rate.max() - rate.min()),
        "gini": spread / (2 * mean) if mean else 0.0,
        "theil": float(np.sum(share[positive] * relative * np.log(relative))),
        "mean_absolute_gap": float(share @ np.abs(rate - mean)),
    }


def _below(rates: Rates, nodes: Indices, places: Floats, y: int) -> tuple[int, int]:
    """Number of territories under the target: least and most, for rates equal to rounding."""
    rate = rates.per * places[nodes] / rates.population[nodes, y]
    margin = RELATIVE * max(1.0, abs(rates.target))
    return int((rate < rates.target - margin).sum()), int((rate < rates.target + margin).sum())


def _moments(published: Published, rates: Rates) -> dict[str, Floats]:
    """Numerator of every node and year before, after, and under the reference, shape (N, Y)."""
    model = published.model
    start = np.repeat(rates.start[:, None], len(model.years), axis=1)
    found = {"before": start, "after": rates.numerator(published.places)}
    if published.reference is not None:
        before = Rates(published.before, rates.spec)
        found["reference"] = before.numerator(np.nan_to_num(published.reference))
    return found


def _expected_measures(published: Published) -> list[str]:
    """Every indicator, level, year and moment."""
    model = published.model
    moments = ["before", "after"] + (["reference"] if published.reference is not None else [])
    return [
        "/".join((name, level, str(year), moment))
        for name in model.scenario["indicators"]
        for level in model.tree.above
        for year in model.years
        for moment in moments
    ]


def _nodes(model: Model, level: str, territory: str) -> Indices:
    if level == "nation":
        return model.tree.top
    if (level, territory) not in model.tree.index:
        raise Unreadable("indicators.csv", f"unknown territory {level}:{territory}")
    return np.array([model.tree.index[level, territory]], dtype=np.intp)


def _expected_rates(model: Model, labels: list[str]) -> list[str]:
    """Rates that must be there: every territory that decides or stands above, every year."""
    tree = model.tree
    keys = [tree.key[n] for level in tree.above for n in tree.at(level)]
    wanted = [
        "/".join((name, *key, str(year)))
        for name in model.scenario["indicators"]
        for key in keys
        for year in model.years
    ]
    known = set(wanted)
    return wanted + [label for label in labels if "/nation/" in label and label not in known]
