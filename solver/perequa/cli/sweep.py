"""`perequa sensitivity sweep SCENARIO`: many weightings or many figures."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from perequa.cli.console import settings
from perequa.cli.progress import watched
from perequa.cli.study import carry_out, scenario_options

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from perequa.studies.study import FinishedStudy
    from perequa.studies.sweep.posing import Asked


@click.command("sweep", short_help="many weightings or figures: who gains in what share")
@scenario_options
@click.option("--samples", type=click.IntRange(1, 1_000_000), metavar="N", help="Draw N points.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the draw (default 0).")
@click.option("--lattice", is_flag=True, help="A regular grid of at most N points instead.")
@click.option(
    "--design", metavar="FILE", help="Points of a table: weights, factors; or distributions."
)
@click.option(
    "--objective",
    "objectives",
    multiple=True,
    metavar="NAME",
    help="Weigh this objective (repeat it).",
)
@click.option(
    "--vary",
    multiple=True,
    metavar="FIGURE=LOW..HIGH",
    help="Multiply a column, or a number of the scenario, by a factor; or FIGURE=triangular:…, "
    "normal:…, lognormal:…, choice:… (repeat it).",
)
@click.option(
    "--indices",
    type=click.Choice(["sobol", "morris"]),
    help="What is owed to each --vary (needs SALib).",
)
@click.option(
    "--territory",
    "territories",
    multiple=True,
    metavar="CODE",
    help="Also the indices of this territory's shares (repeat it).",
)
@click.option("--unique", is_flag=True, help="Settle every plan by the tie-break.")
@click.option(
    "--against",
    type=click.Choice(["plan", "reference"]),
    default="plan",
    help="What gains are counted from (default: the scenario's own plan).",
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes (default: this one alone)."
)
@click.option("--scheduler", metavar="ADDRESS", help="A running Dask cluster instead.")
def sweep(
    samples: int | None,
    seed: int,
    design: str | None,
    objectives: tuple[str, ...],
    vary: tuple[str, ...],
    indices: Literal["sobol", "morris"] | None,
    territories: tuple[str, ...],
    against: Literal["plan", "reference"],
    jobs: int | None,
    scheduler: str | None,
    *,
    lattice: bool,
    unique: bool,
    **common: Any,  # noqa: ANN401
) -> None:
    """Solve under many weightings, or many figures, and count who gains in what share of them.

    Weightings are drawn evenly (--samples), laid on a grid (--lattice) or read (--design). They
    replace those of their priority. With --vary figures are multiplied by factors instead, and
    --indices say how much is owed to each. A sweep cut off goes on where it stopped. Needs pyarrow:
    pip install 'perequa[sweep]'.
    """
    from perequa.studies.sweep.design import read_design_file
    from perequa.studies.sweep.posing import Asked
    from perequa.studies.sweep.varied import read_varied
    from perequa.studies.sweep.workers import cluster, processes

    if samples is None and design is None:
        raise click.UsageError("one of --samples N and --design FILE")
    if design is not None and (lattice or objectives or vary):
        message = "--design names the points: it goes without --lattice, --objective and --vary"
        raise click.UsageError(message)
    if vary and (lattice or objectives):
        raise click.UsageError("--vary goes without --lattice and --objective")
    if (indices and not (vary or design)) or (territories and not indices):
        raise click.UsageError("--indices goes with --vary, --territory with --indices")
    asked = Asked(
        objectives=objectives,
        vary=tuple(map(read_varied, vary)),
        indices=indices,
        territories=territories,
        samples=samples,
        seed=seed,
        arrangement="lattice" if lattice else "dirichlet",
        design=None if design is None else read_design_file(design),
        plan="unique" if unique else "untied",
        against=against,
    )
    recorded: dict[str, object] = {"samples": samples, "seed": seed, "lattice": lattice}
    recorded |= {"design": design, "objectives": list(objectives), "unique": unique}
    recorded |= {"vary": list(vary), "indices": indices, "territories": list(territories)}
    recorded |= {"against": against}
    if jobs is not None and scheduler is not None:
        raise click.UsageError("--jobs and --scheduler do not go together")
    workers: AbstractContextManager[Executor | None] = contextlib.nullcontext()
    if jobs is not None:
        workers = processes(jobs)
    elif scheduler is not None:
        workers = cluster(scheduler)
    _sweep(asked, recorded, workers, **common)


def _sweep(
    asked: Asked,
    recorded: dict[str, object],
    workers: AbstractContextManager[Executor | None],
    *,
    scenario: str,
    variants: tuple[str, ...],
    sets: tuple[str, ...],
    output: Path | None,
    form: str,
) -> None:
    """Carry out a sweep, saying how far it is, and print what it found."""
    from perequa.studies.study import Source
    from perequa.studies.sweep.study import run_sweep

    source = Source(scenario=scenario, variants=variants, sets=sets, lang=settings().lang)

    def place(name: str) -> Path:
        return output or Path("results") / f"{name}-sweep"

    def ask() -> FinishedStudy:
        with watched() as watch, workers as executor:
            return run_sweep(source, asked, recorded, place, executor, watch)

    carry_out("sweep", source, form, place, ask)
