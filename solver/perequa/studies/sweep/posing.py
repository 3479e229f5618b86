"""What a sweep asks of which points, from what is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from perequa.studies.sweep.design import (
    Design,
    design_of,
    distributions_of,
    drawn,
    lattice,
    read_design,
)
from perequa.studies.sweep.figures import (
    Perturbed,
    check_choices,
    check_figures,
    draws,
    published_plan,
    untied_plan,
)
from perequa.studies.sweep.indices import Indices, need_salib
from perequa.studies.sweep.weights import check_weightings, priority_of, unique, untied, weighed
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from perequa.io.table_files import InputFile
    from perequa.io.tables import RawTable
    from perequa.studies.prepared import Prepared
    from perequa.studies.sweep.asking import Question
    from perequa.studies.sweep.varied import Varied

Method = Literal["sobol", "morris"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which points, and what of each.

    Attributes
    ----------
    objectives
        Objectives whose weights are drawn; none for the scenario's own choice.
    vary
        Figures that are drawn instead of weights.
    samples, seed, arrangement
        How many points, drawn how; None where they are read.
    design
        The table of points, or of distributions; None where nothing is read.
    indices, territories
        What is told of each figure's influence, and the territories whose shares are told of too;
        None and none for no such table.
    plan
        Whether shares come from the optimum the solver ends at, or from the published plan.
    against
        What shares are compared with: the scenario's own plan, or the circular's allocation.
    """

    objectives: tuple[str, ...] = ()
    vary: tuple[Varied, ...] = ()
    samples: int | None = None
    seed: int = 0
    arrangement: Literal["dirichlet", "lattice"] = "dirichlet"
    design: InputFile | None = None
    indices: Method | None = None
    territories: tuple[str, ...] = ()
    plan: Literal["untied", "unique"] = "untied"
    against: Literal["plan", "reference"] = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """Points and the question asked at each.

    Attributes
    ----------
    design, question
        The points, and what is asked.
    priority
        Whose weights are replaced; None where figures are varied.
    indices
        How the influence of each figure is told; None where it is not.
    """

    design: Design
    question: Question
    priority: int | None
    indices: Indices | None = None


def pose(prepared: Prepared, asked: Asked) -> Posed:
    """Read or draw the points, and say what is asked of the program at each.

    Raises
    ------
    UsageError
        When they make no sense for this scenario.
    InvalidInput
        When the table of points cannot be read.
    """
    vary = asked.vary
    if asked.design is not None:
        table = read_design(asked.design)
        stated = distributions_of(table)
        if stated is None:
            return _read(prepared, asked, table)
        vary = stated
    if asked.samples is None:
        raise UsageError("how many points? --samples N draws them, --design FILE reads them")
    if vary:
        return _drawn(prepared, asked, vary, asked.samples)
    names = weighed(prepared.instance.scenario, asked.objectives)
    priority_of(prepared.instance.scenario, names, "--objective")
    if asked.arrangement == "lattice":
        return _weights(prepared, asked, lattice(names, asked.samples), "--objective")
    return _weights(prepared, asked, drawn(names, asked.samples, asked.seed), "--objective")


def _read(prepared: Prepared, asked: Asked, table: RawTable) -> Posed:
    """Take the points of a table."""
    if asked.samples is not None or asked.indices is not None:
        raise UsageError(
            "--design names its points: it goes without --samples and --indices, which are for a "
            "table with the columns figure and distribution"
        )
    design = design_of(table, prepared.instance.scenario.objectives)
    if design.varied == "weight":
        check_weightings(design)
        return _weights(prepared, asked, design, "--design")
    check_figures(prepared, design.names, "--design")
    return _figures(prepared, asked, design, None)


def _drawn(prepared: Prepared, asked: Asked, vary: tuple[Varied, ...], count: int) -> Posed:
    """Draw figures by their distributions."""
    option = "--vary" if asked.design is None else "--design"
    check_figures(prepared, [v.figure for v in vary], option)
    choices = {v.figure: v.distribution.columns for v in vary if v.distribution.columns}
    check_choices(prepared, choices, option)
    if asked.indices is None:
        return _figures(prepared, asked, draws(vary, count, asked.seed), None)
    need_salib()
    indices = Indices(method=asked.indices, varied=vary, seed=asked.seed)
    return _figures(prepared, asked, indices.design(count), indices)


def _weights(prepared: Prepared, asked: Asked, design: Design, option: str) -> Posed:
    priority = priority_of(prepared.instance.scenario, design.names, option)
    make = untied if asked.plan == "untied" else unique
    question = make(prepared, design.names, priority)
    return Posed(design=design, question=question, priority=priority)


def _figures(prepared: Prepared, asked: Asked, design: Design, indices: Indices | None) -> Posed:
    plan = untied_plan if asked.plan == "untied" else published_plan
    question = Perturbed(prepared=prepared, figures=design.names, choices=design.choices, plan=plan)
    return Posed(design=design, question=question, priority=None, indices=indices)
