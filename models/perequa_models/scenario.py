"""A scenario as its planner wrote it: typed choices, no figures from tables yet."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from perequa_models.campaign.grammar import Campaign
from perequa_models.conversions import Conversion
from perequa_models.measures import Measure, Rate
from perequa_models.objectives.absolute_gap import AbsoluteGap
from perequa_models.objectives.cvar import Cvar
from perequa_models.objectives.distance_to_reference import DistanceToReference
from perequa_models.objectives.gini import Gini
from perequa_models.objectives.leximin import Leximin
from perequa_models.objectives.range import Range
from perequa_models.objectives.shortfall import Shortfall
from perequa_models.objectives.spend import Spend
from perequa_models.objectives.squared_gap import SquaredGap
from perequa_models.objectives.unmet_merit import UnmetMerit
from perequa_models.objectives.unmet_need import UnmetNeed
from perequa_models.objectives.worst import Worst
from perequa_models.projects.grammar import ProjectsTable
from perequa_models.reference.grammar import ReferenceBlock
from perequa_models.rules.cap import Cap
from perequa_models.rules.ceiling import Ceiling
from perequa_models.rules.contingent import Contingent
from perequa_models.rules.converge import Converge
from perequa_models.rules.deadline import Deadline
from perequa_models.rules.distance import Distance
from perequa_models.rules.envelope import Envelope
from perequa_models.rules.floor import Floor
from perequa_models.rules.grammar import as_list
from perequa_models.rules.milestones import Milestones
from perequa_models.rules.pace import Pace
from perequa_models.rules.reserve import Reserve
from perequa_models.rules.ring_fence import RingFence
from perequa_models.rules.selection import Selection
from perequa_models.rules.transfer import Transfer
from perequa_models.rules.until_opening import UntilOpening
from perequa_models.rules.withhold import Withhold
from perequa_models.strict import ColumnRef, Flag, Name, Number, Strict, Text, Whole

Rule = Annotated[
    Contingent
    | Envelope
    | Floor
    | Cap
    | Ceiling
    | Converge
    | Reserve
    | RingFence
    | Withhold
    | Pace
    | Milestones
    | UntilOpening
    | Deadline
    | Distance
    | Selection
    | Transfer,
    Field(discriminator="kind"),
]
Objective = Annotated[
    Shortfall
    | AbsoluteGap
    | SquaredGap
    | Leximin
    | Worst
    | Range
    | Cvar
    | Gini
    | UnmetNeed
    | UnmetMerit
    | DistanceToReference
    | Spend,
    Field(discriminator="kind"),
]


class TableRef(Strict):
    """A table beside the scenario: a CSV file, or a sheet of a workbook."""

    file: Text
    """Path of the table, from the folder of this file: a CSV file or a workbook."""
    sheet: Text | None = None
    """Name of the sheet, where the file is a workbook."""
    level: Text | None = None
    """Level of the territories whose codes the table holds, where a bare code would be unclear."""


class Territories(Strict):
    """The tree of territories and its levels, from the top."""

    file: Text
    """Path of the table of all territories of all levels, from the folder of this file."""
    sheet: Text | None = None
    """Name of the sheet, where the file is a workbook."""
    levels: tuple[Name, ...] | None = None
    """Names of the levels from the top; required as soon as the table holds two."""
    within: Text | None = None
    """Keeps this territory (`level:code`) and those below it, in every table."""


class Supply(TableRef):
    """Places installed and authorised, by territory and measure."""

    absent: Literal["error", "closed"] = "error"
    """What a territory and measure without a row is: `error`, or `closed`, where nothing can be
    funded."""


class Indicator(Strict):
    """An equipment rate (or a rate in money, with ``in: budget``)."""

    title: Text | None = None
    """Name of the indicator in full."""
    measures: Annotated[tuple[Name, ...], BeforeValidator(as_list), Field(min_length=1)]
    """Measures whose places (or budgets) the rate counts: one, or a list."""
    counts: Literal["installed", "financed", "authorised"] | Text = "installed"
    """Column of `supply` that the stock starts from: `installed`, `financed`, `authorised` or
    another."""
    in_: Literal["stock", "budget"] = Field(default="stock", alias="in")
    """What is counted: `stock`, the places, or `budget`, which makes it a rate in money from
    `base`."""
    population: Text
    """Column of the denominator, above zero everywhere: people, residents or an amount."""
    per: Annotated[Number, Field(gt=0)] = 1000.0
    """The rate is per so many of the denominator, above 0: 1000 for places per 1,000 people."""
    target: Literal["national_initial"] | Number = "national_initial"
    """Rate that results compare with and that objectives aim at: `national_initial` or a number."""
    national_initial: Annotated[Number, Field(ge=0)] | None = None
    """Rate of the whole country before the plan, where the tables hold a part of it only."""


class Derive(Strict):
    """A column computed row by row by a named formula."""

    formula: Text
    """Name of the formula that computes the column: `gmp`, `dominic_2004`, `gmps_ceiling`,
    `occupancy_modulation` or `activity_cost`."""
    from_: dict[Text, Text] = Field(default_factory=dict, alias="from")
    """Arguments of the formula that are read from a column of another name, and that name."""
    otherwise: ColumnRef | None = None
    """Column whose value stands where the formula says that it does not apply."""
    year: Whole | None = None
    """Year of the legal values, for the formulas whose values change from year to year."""


class TieBreak(Strict):
    """How one plan is chosen among those that tie."""

    toward: (
        Literal["population", "missing_places", "installed", "equal", "reference"] | ColumnRef
    ) = "population"
    """What the plan is made even by: `population`, `missing_places`, `installed`, `equal`,
    `reference` (as near as possible to it) or a column above zero."""
    method: Literal["exact", "stepped"] | None = None
    """How the plan is found: `exact`, a quadratic program, or `stepped`, linear programs; by
    size where it is left out."""


class Choice(Strict):
    """A point the source leaves open, and how this scenario closes it."""

    value: Text | Number | Flag
    """What is chosen: text, a number or a flag."""
    alternatives: tuple[Text | Number | Flag, ...] = ()
    """What else the text allows."""
    because: Text
    """Why it is chosen, or what the text does not say."""


class VaryWeights(Strict):
    """The objectives whose weights a study varies."""

    vary: tuple[Name, ...]
    """Names of the objectives whose weights vary."""


class Sensitivity(Strict):
    """What the studies vary unless told otherwise."""

    weights: VaryWeights | None = None
    """Which weightings a study of weights varies."""


class EnvelopeName(Strict):
    """A closed total that measures belong to, and the yearly rate of what it renews."""

    title: Text | None = None
    """Name of the envelope in full."""
    rate: Rate = 0.0
    """Yearly rate of what the envelope renews, 0.01 for 1 %: a number, a column, or a number by
    year; a measure that states its own keeps it."""


class HandsDown(Strict):
    """A rule of the territories that decide next, whose limit is what each of them received."""

    rule: Name
    """Name of the rule of the next step whose limit is what the territory received."""
    in_: Literal["credits", "places"] = Field(default="credits", alias="in")
    """What is handed down: `credits`, or `places`."""
    by_measure: Flag = False
    """`true`: one limit for each measure, instead of one for all measures of the rule."""


class CascadeStep(Strict):
    """One step of a cascade: who decides, and inside what was handed down."""

    decide_at: Text
    """Level at which the step decides: the top for the first step, a finer one for each other."""
    hands_down: Annotated[tuple[HandsDown, ...], BeforeValidator(as_list)] = ()
    """Rules whose limits are what each territory received; required in every step but the
    first."""
    scenario: Text | None = None
    """Path of the file that holds the rules, objectives, tie-break and reference of every
    territory."""
    own: dict[Text, Text] = Field(default_factory=dict)
    """Path of the file of one territory (`level:code`), instead of the file of all."""


class Cascade(Strict):
    """The nation decides first, then each territory inside what it received."""

    steps: Annotated[tuple[CascadeStep, ...], Field(min_length=2)]
    """Who decides first, and who decides then, from the top down: two steps or more."""


class Scenario(Strict):
    """A policy scenario, merged with what it extends and its variants."""

    format: Literal[1]
    """Version of this format: 1."""
    name: Annotated[Text, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]
    """Name of the scenario in every result: lower case, digits, `_`, `.` and `-`, at most 60
    characters."""
    title: Text | None = None
    """One line that says what the scenario is, shown in lists and on reports."""
    sources: tuple[Text, ...] = ()
    """Where the policy and its figures come from, one text each."""
    currency: Annotated[Text, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    """Unit of every amount, in three capitals; nothing is converted."""
    years: Annotated[tuple[Whole, ...], Field(min_length=1)]
    """Years of the plan, consecutive, from 1900 to 2200."""
    territories: Territories
    """The tree of territories: its table and its levels."""
    decide_at: Text | None = None
    """Level at which places are decided; required as soon as there are several levels."""
    mode: Literal["integrated", "cascade"] = "integrated"
    """Who decides: `integrated`, everything at once, or `cascade`, one level after the other."""
    cascade: Cascade | None = None
    """Who decides at each step; not read with `mode: integrated`."""
    envelopes: dict[Name, EnvelopeName | None] = Field(default_factory=dict)
    """Closed totals that measures may belong to, by name; once stated, a measure may name no
    other."""
    measures: Annotated[dict[Name, Measure], Field(min_length=1)]
    """What is handed out, by name: places of a category, or money."""
    supply: Supply
    """Table of the places there are before the plan, by territory and measure."""
    columns: tuple[TableRef, ...] = ()
    """More tables of figures, such as populations or needs; a list."""
    projects: ProjectsTable | None = None
    """Projects put forward that are taken whole or not at all, and the order in which they are
    served."""
    conversions: dict[Name, Conversion] = Field(default_factory=dict)
    """Places of one category that become places of another, by name."""
    campaign: Campaign | None = None
    """What each envelope is built of, line by line, and how it is delivered."""
    derive: dict[Text, Derive] = Field(default_factory=dict)
    """Columns computed from others by a cited formula, by name of the new column."""
    indicators: dict[Name, Indicator] = Field(default_factory=dict)
    """Equipment rates that objectives, rules and tables speak of, by name."""
    rules: dict[Name, Rule] = Field(default_factory=dict)
    """What a plan must respect, by name; an empty mapping is allowed."""
    objectives: Annotated[dict[Name, Objective], Field(min_length=1)]
    """What the plan minimises, by name; one at least."""
    tie_break: TieBreak = TieBreak()
    """Which one of the plans that are equally good is published."""
    choices: dict[Name, Choice] = Field(default_factory=dict)
    """Points that the source leaves open and how they are closed, by name; a record that
    changes no result."""
    reference: Annotated[tuple[ReferenceBlock, ...], BeforeValidator(as_list)] = ()
    """The circular's own formula, computed beside the plan and never imposed: one block, or a
    list."""
    variants: dict[Name, dict[Text, Any] | None] = Field(default_factory=dict)
    """Named changes of this scenario: each maps dotted paths to values, and `null` removes."""
    sensitivity: Sensitivity = Sensitivity()
    """What studies vary unless told otherwise."""
    whole: Flag = False
    """`true`: also plans whole places, for every measure counted in places."""

    def rate_of(self, measure: str) -> Rate:
        """Yearly rate of a measure: its own, else that of its envelope."""
        own = self.measures[measure].rate
        return self.envelope_rate(self.measures[measure].envelope or "") if own is None else own

    def envelope_rate(self, name: str) -> Rate:
        """Yearly rate of an envelope, 0 where none is stated."""
        envelope = self.envelopes.get(name)
        return 0.0 if envelope is None else envelope.rate
