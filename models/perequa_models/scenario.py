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
    sheet: Text | None = None
    level: Text | None = None


class Territories(Strict):
    """The tree of territories and its levels, from the top."""

    file: Text
    sheet: Text | None = None
    levels: tuple[Name, ...] | None = None
    within: Text | None = None


class Supply(TableRef):
    """Places installed and authorised, by territory and measure."""

    absent: Literal["error", "closed"] = "error"


class Indicator(Strict):
    """An equipment rate (or a rate in money, with ``in: budget``)."""

    title: Text | None = None
    measures: Annotated[tuple[Name, ...], BeforeValidator(as_list), Field(min_length=1)]
    counts: Literal["installed", "financed", "authorised"] | Text = "installed"
    in_: Literal["stock", "budget"] = Field(default="stock", alias="in")
    population: Text
    per: Annotated[Number, Field(gt=0)] = 1000.0
    target: Literal["national_initial"] | Number = "national_initial"
    national_initial: Annotated[Number, Field(ge=0)] | None = None


class Derive(Strict):
    """A column computed row by row by a named formula."""

    formula: Text
    from_: dict[Text, Text] = Field(default_factory=dict, alias="from")
    otherwise: ColumnRef | None = None
    year: Whole | None = None


class TieBreak(Strict):
    """How one plan is chosen among those that tie."""

    toward: (
        Literal["population", "missing_places", "installed", "equal", "reference"] | ColumnRef
    ) = "population"
    method: Literal["exact", "stepped"] | None = None


class Choice(Strict):
    """A point the source leaves open, and how this scenario closes it."""

    value: Text | Number | Flag
    alternatives: tuple[Text | Number | Flag, ...] = ()
    because: Text


class VaryWeights(Strict):
    """The objectives whose weights a study varies."""

    vary: tuple[Name, ...]


class Sensitivity(Strict):
    """What the studies vary unless told otherwise."""

    weights: VaryWeights | None = None


class EnvelopeName(Strict):
    """A closed total that measures belong to, and the yearly rate of what it renews."""

    title: Text | None = None
    rate: Rate = 0.0


class HandsDown(Strict):
    """A rule of the territories that decide next, whose limit is what each of them received."""

    rule: Name
    in_: Literal["credits", "places"] = Field(default="credits", alias="in")
    by_measure: Flag = False


class CascadeStep(Strict):
    """One step of a cascade: who decides, and inside what was handed down."""

    decide_at: Text
    hands_down: Annotated[tuple[HandsDown, ...], BeforeValidator(as_list)] = ()
    scenario: Text | None = None
    own: dict[Text, Text] = Field(default_factory=dict)


class Cascade(Strict):
    """The nation decides first, then each territory inside what it received."""

    steps: Annotated[tuple[CascadeStep, ...], Field(min_length=2)]


class Scenario(Strict):
    """A policy scenario, merged with what it extends and its variants."""

    format: Literal[1]
    name: Annotated[Text, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]
    title: Text | None = None
    sources: tuple[Text, ...] = ()
    currency: Annotated[Text, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    years: Annotated[tuple[Whole, ...], Field(min_length=1)]
    territories: Territories
    decide_at: Text | None = None
    mode: Literal["integrated", "cascade"] = "integrated"
    cascade: Cascade | None = None
    envelopes: dict[Name, EnvelopeName | None] = Field(default_factory=dict)
    measures: Annotated[dict[Name, Measure], Field(min_length=1)]
    supply: Supply
    columns: tuple[TableRef, ...] = ()
    projects: ProjectsTable | None = None
    conversions: dict[Name, Conversion] = Field(default_factory=dict)
    campaign: Campaign | None = None
    derive: dict[Text, Derive] = Field(default_factory=dict)
    indicators: dict[Name, Indicator] = Field(default_factory=dict)
    rules: dict[Name, Rule] = Field(default_factory=dict)
    objectives: Annotated[dict[Name, Objective], Field(min_length=1)]
    tie_break: TieBreak = TieBreak()
    choices: dict[Name, Choice] = Field(default_factory=dict)
    reference: Annotated[tuple[ReferenceBlock, ...], BeforeValidator(as_list)] = ()
    variants: dict[Name, dict[Text, Any] | None] = Field(default_factory=dict)
    sensitivity: Sensitivity = Sensitivity()
    whole: Flag = False

    def rate_of(self, measure: str) -> Rate:
        """Yearly rate of a measure: its own, else that of its envelope."""
        own = self.measures[measure].rate
        return self.envelope_rate(self.measures[measure].envelope or "") if own is None else own

    def envelope_rate(self, name: str) -> Rate:
        """Yearly rate of an envelope, 0 where none is stated."""
        envelope = self.envelopes.get(name)
        return 0.0 if envelope is None else envelope.rate
