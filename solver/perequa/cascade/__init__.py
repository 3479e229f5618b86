"""A cascade: the nation decides, then each territory inside what it received.

`reading` finds who decides by which rules, `programs` writes the scenario of each step, `solving`
carries them out, `decentralisation` compares with everything decided at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.cascade.reading import is_cascade
from perequa.cascade.solving import run_cascade
from perequa.cascade.validating import check_cascade
from perequa.checks import Loaded, check
from perequa.interpret.weights import CHEAP
from perequa.io.findings import InvalidInput
from perequa.io.scenario_files import read_scenario
from perequa.optimum import unwatched
from perequa.running import run_scenario
from perequa.words import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from perequa.optimum import Watch
    from perequa.pricing import Ranges
    from perequa.running import FinishedRun

__all__ = ["check_any", "check_cascade", "is_cascade", "run_any", "run_cascade"]


def run_any(
    source: str,
    destination: Callable[[str], Path],
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    prices: bool = True,
    ranges: Ranges = "printed",
    weights_up_to: float = CHEAP,
    lang: str = SOURCE,
    jobs: int = 1,
    watch: Watch = unwatched,
) -> FinishedRun:
    """Solve a scenario in one program, or in steps where it says ``mode: cascade``.

    Parameters
    ----------
    source, destination, variants, sets, prices, ranges, weights_up_to, lang, watch
        As for `running.run_scenario`.
    jobs
        Processes that solve the parts of a cascade; no table depends on it.

    Raises
    ------
    UsageError
        When the destination cannot be replaced, or a word is not in this version.
    """
    try:
        raw = read_scenario(source, variants, sets)
    except InvalidInput:
        raw = None  # told with everything else by whoever reads it again
    if raw is not None and is_cascade(raw):
        return run_cascade(
            raw,
            destination,
            prices=prices,
            ranges=ranges,
            weights_up_to=weights_up_to,
            lang=lang,
            jobs=jobs,
        )
    return run_scenario(
        source,
        destination,
        variants=variants,
        sets=sets,
        prices=prices,
        ranges=ranges,
        weights_up_to=weights_up_to,
        lang=lang,
        watch=watch,
    )


def check_any(source: str, variants: Sequence[str] = (), sets: Sequence[str] = ()) -> Loaded:
    """Check everything a scenario states, every program of a cascade; nothing is solved.

    Of a cascade the instance is that of the integrated program: all rules of all steps.

    Raises
    ------
    InvalidInput, UsageError
        As for `checks.load`.
    """
    raw = read_scenario(source, variants, sets)
    if not is_cascade(raw):
        return check(raw)
    checked = check_cascade(raw)
    return Loaded(raw=raw, instance=checked.integrated.instance, findings=checked.findings)
