"""Independent check of a solution from its arrays; a run that fails it is not printed.

The checks are those of `perequa verify` on optimum, uniqueness and prices, made on the arrays in
hand before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perequa.verification.certified import PROVEN, proof_figures
from perequa.verification.folder import Program
from perequa.verification.optimum import check_optimum
from perequa.verification.uniqueness import check_uniqueness
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from perequa.report.arrays import Arrays
    from perequa.verification.outcome import Check


@dataclass(frozen=True, slots=True)
class ArraysInHand:
    """The arrays of a run that is not written yet."""

    program: Program
    solution: Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What was checked and what came out.

    Attributes
    ----------
    checks
        One per property checked.
    hand
        The arrays that were checked.
    """

    checks: tuple[Check, ...]
    hand: ArraysInHand

    def record(self) -> dict[str, Any]:
        """Give the certificate its JSON form."""
        return {
            "verdict": PROVEN if all(c.verdict != "wrong" for c in self.checks) else "refused",
            "checks": [
                {
                    "name": check.name,
                    "verdict": check.verdict,
                    "what": check.what,
                    "disagreements": [str(d) for d in check.disagreements],
                }
                for check in self.checks
            ],
            **proof_figures(self.hand.program, self.hand.solution),
            "tolerances": {"row": 1e-9, "sign": 1e-9, "relative_gap": 1e-9},
        }


def readied(arrays: Arrays) -> Program:
    """Work out what the checks need of a program, whatever its solution."""
    program = Program(arrays)
    _ = program.neutral, program.row_ids, program.matrix.transposed.size
    return program


def certify(program: Program, solution: Arrays) -> Certificate:
    """Check the optimum of every priority and the uniqueness of the plan.

    Parameters
    ----------
    program
        The compiled arrays, as `readied` holds them.
    solution
        Those of the solution.

    Raises
    ------
    NotProven
        When a check fails: the run is not published.
    """
    hand = ArraysInHand(program, solution)
    checks = (check_optimum(hand), check_uniqueness(hand))
    failed = [str(d) for check in checks for d in check.disagreements]
    if failed:
        message = f"the solution does not pass its own certificate: {failed[0]}"
        raise NotProven(message)
    return Certificate(checks=checks, hand=hand)
