"""How much of each difference comes from which change: every combination solved once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa.checks import check
from perequa.checks.plain import as_scenario
from perequa.comparison.changes import BETWEEN, mixed
from perequa.comparison.figures import Figure, results_of, shares_of
from perequa.comparison.shapley import (
    Shares,
    Undefined,
    exact_shares,
    sampled_shares,
    waterfall,
)
from perequa.interpret.allocation import allocation_table, totals_table
from perequa.interpret.rates import equity_table
from perequa.interpret.rules import objectives_table
from perequa.interpret.run import Failure
from perequa.io.findings import findings_of
from perequa.pipeline import solve_instance
from perequa.report.failure import failure_tables
from perequa.words import saying, told
from perequa_models.errors import Infeasible, InvalidScenario, NotProven, NoWholePlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.checks.plain import Plain
    from perequa.comparison.changes import Change
    from perequa.comparison.shapley import Floats, Values
    from perequa.words import Words

Figures = dict[Figure, float]
Method = Literal["none", "exact", "sampled", "waterfall"]
ALWAYS_EXACT = 6
"""Changes up to which every combination is solved."""
EXACT_AT_MOST = 10
"""Changes up to which every combination is solved when asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How contributions are worked out beyond six changes.

    Attributes
    ----------
    exact
        Whether every combination is solved up to ten changes.
    orders, seed
        Orders of the changes drawn, and the seed they are drawn from.
    """

    exact: bool = False
    orders: int = 100
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The difference between two scenarios, shared between the changes that lead to it.

    Attributes
    ----------
    changes, figures
        Names of the changes (several joined where a waterfall cannot part them), and what is
        shared; rows and columns of the arrays.
    contributions, standard_error
        Shape (changes, figures); the contributions of a figure add up to its difference.
    method
        How they were found; ``none`` where no change can move a plan.
    solved
        Combinations solved, those of the two scenarios left out.
    refused
        Why Shapley's value does not exist: a combination, and what is wrong with it.
    """

    changes: tuple[str, ...]
    figures: tuple[Figure, ...]
    contributions: Floats
    standard_error: Floats
    method: Method
    solved: int
    refused: str = ""


@dataclass(slots=True)
class Combinations:
    """Solves the first scenario under some of the changes, each combination once.

    Attributes
    ----------
    first, other
        The two scenarios.
    changes
        Those that can move a plan.
    level
        Level of the territories whose shares are taken.
    known
        Figures of the combinations solved, by the changes taken written as bits; to begin with,
        those of the two scenarios (of the first alone when no change leads to the other).
    reasons
        Why a combination has no plan, in a sentence.
    """

    first: Plain
    other: Plain
    changes: Sequence[Change]
    level: str
    known: dict[int, Figures | None]
    reasons: dict[int, str] = field(default_factory=dict)

    def figures(self, taken: int) -> Figures | None:
        """Return every figure under some changes, written as bits; None without a plan."""
        if taken not in self.known:
            self.known[taken] = self._solved(taken)
        return self.known[taken]

    def _solved(self, taken: int) -> Figures | None:
        chosen = [change for i, change in enumerate(self.changes) if taken >> i & 1]
        try:
            loaded = check(as_scenario(mixed(self.first, self.other, chosen)))
            outcome = solve_instance(
                loaded.instance, "combination", prices=False, reference=loaded.reference
            )
        except InvalidScenario as error:
            found = next((f.message for f in findings_of(error) if f.severity == "error"), "")
            self.reasons[taken] = saying(
                "{changes} alone is not valid ({why})", changes=_together(chosen), why=found
            )
            return None
        except NoWholePlan:
            self.reasons[taken] = saying(
                "{changes} alone has no plan in whole places", changes=_together(chosen)
            )
            return None
        except NotProven as error:
            self.reasons[taken] = saying(
                "{changes} alone ended without proof ({why})",
                changes=_together(chosen),
                why=str(error),
            )
            return None
        except Infeasible as error:
            self.reasons[taken] = saying(
                "{changes} alone has no plan ({why})", changes=_together(chosen), why=str(error)
            )
            return None
        if isinstance(outcome, Failure):
            clash = failure_tables(outcome)["conflicts"].column("rule")
            rules = ", ".join(map(str, dict.fromkeys(clash)))
            self.reasons[taken] = saying(
                "{changes} alone has no plan ({rules} clash)",
                changes=_together(chosen),
                rules=rules,
            )
            return None
        run = outcome.run
        tables = {
            "allocation": allocation_table(run),
            "totals": totals_table(run),
            "objectives": objectives_table(run),
            "equity": equity_table(run),
        }
        return shares_of(tables, self.level) | results_of(tables)


def attribute(
    combinations: Combinations, idle: Sequence[str], effort: Effort, words: Words
) -> Attribution:
    """Share the difference between two scenarios between the changes that lead to it.

    Parameters
    ----------
    combinations
        The changes that can move a plan, with the figures of both scenarios known.
    idle
        Names of the changes that cannot: their contribution is 0 without solving.
    effort
        What to do beyond six changes.
    words
        The language in which a combination is refused.

    Notes
    -----
    A change's contribution is Shapley's value: what it moves when it is made, on average over every
    order in which the changes could be made. Where a combination leaves no plan there is no such
    average: each change is then given what it moves in the order of the file.
    """
    n = len(combinations.changes)
    if n == 0:
        return _assembled(combinations, None, idle, "none", "")
    refused = ""
    try:
        if n <= (EXACT_AT_MOST if effort.exact else ALWAYS_EXACT):
            method: Method = "exact"
            shares = exact_shares(n, _values(combinations))
        else:
            method = "sampled"
            shares = sampled_shares(
                n, _values(combinations), orders=effort.orders, seed=effort.seed
            )
    except Undefined as error:
        method, refused = "waterfall", told(combinations.reasons[error.taken], words)
        shares = waterfall(n, _values(combinations))
    return _assembled(combinations, shares, idle, method, refused)


def _values(combinations: Combinations) -> Values:
    """Return the figures common to both scenarios as arrays; NaN where a combination lacks one."""
    common = _common(combinations)

    def valued(taken: int) -> Floats | None:
        found = combinations.figures(taken)
        if found is None:
            return None
        return np.array([found.get(figure, np.nan) for figure in common])

    return valued


def _common(combinations: Combinations) -> tuple[Figure, ...]:
    first = combinations.figures(0) or {}
    other = combinations.figures((1 << len(combinations.changes)) - 1) or {}
    return tuple(figure for figure in first if figure in other)


def _assembled(
    combinations: Combinations,
    shares: Shares | None,
    idle: Sequence[str],
    method: Method,
    refused: str,
) -> Attribution:
    """Name the shares, and add the changes that move nothing."""
    common = _common(combinations)
    made = [] if shares is None else [_named(combinations, group) for group in shares.groups]
    nothing = np.zeros((len(idle), len(common)))
    if shares is None:
        contributions, error = nothing, nothing
    else:
        contributions = np.vstack([shares.contributions, nothing])
        error = np.vstack([shares.standard_error, nothing])
    complete = np.flatnonzero(~np.isnan(contributions).any(axis=0))
    return Attribution(
        changes=(*made, *idle),
        figures=tuple(common[j] for j in complete),
        contributions=contributions[:, complete],
        standard_error=error[:, complete],
        method=method,
        solved=len(combinations.known) - 2 if combinations.changes else 0,
        refused=refused,
    )


def _named(combinations: Combinations, group: int) -> str:
    return _together([change for i, change in enumerate(combinations.changes) if group >> i & 1])


def _together(changes: Sequence[Change]) -> str:
    return BETWEEN.join(change.name for change in changes)
