"""Stock, credits, budget and rates: the identities that every rule and objective speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.document import Display, Line, Paragraph, code, joined, maths, say
from perequa.report.equations.symbols import word

if TYPE_CHECKING:
    from perequa.report.document import Block
    from perequa_models.instance import IndicatorData, Instance


def quantity_blocks(instance: Instance) -> list[Block]:
    """Write the quantities of a plan, with the opening months of each measure."""
    first, last = instance.years[0], instance.years[-1]
    blocks: list[Block] = [
        Paragraph(say("Stock: a place counts from the end of the year in which it is funded.")),
        Display(
            r"S_{tmy} = S_{tm,y-1} + x_{tmy} - z_{tmy}, \qquad "
            rf"S_{{tm,{first - 1}}} = S^0_{{tm}}"
        ),
        Paragraph(say("Full-year credits.")),
        Display(r"f_{tmy} = c_{tmy} x_{tmy}"),
        Paragraph(_credits_words(instance)),
    ]
    blocks.extend(Display(_credits(instance, m)) for m in range(len(instance.measures)))
    late = [m for m, months in enumerate(instance.opening_months) if months < 12]
    if late:
        told = joined([say("{}", code(instance.measures[m])) for m in late])
        due = say(
            "The rest of the first twelve months of {} falls due in the next year; what falls "
            "after {} is charged to no envelope (column `due_after`).",
            told,
            str(last),
        )
        blocks.append(Paragraph(due))
    blocks += _budget(instance)
    for name in instance.scenario.indicators:
        blocks += _rate(instance, instance.indicators[name])
    return blocks


def _credits_words(instance: Instance) -> Line:
    carried = "carried" in instance.columns
    told = say("Credits: new money of the year, by measure")
    extra = say(", plus $e_{tm}$ in the first year") if carried else ()
    return (*told, *extra, *say("."))


def _credits(instance: Instance, m: int) -> str:
    """Write the credits of a measure with its opening months."""
    name = word(instance.measures[m])
    months = int(instance.opening_months[m])
    here, before = f"{{t,{name},y}}", f"{{t,{name},y-1}}"
    cost = "" if instance.is_money[m] else f"c_{here} "
    if months == 12:
        return f"k_{here} = {cost}x_{here}"
    earlier = "" if instance.is_money[m] else f"c_{before} "
    return (
        rf"k_{here} = \frac{{{months}}}{{12}} {cost}x_{here} + "
        rf"\frac{{{12 - months}}}{{12}} {earlier}x_{before}"
    )


def _budget(instance: Instance) -> list[Block]:
    """Write the budget, once for recurrent money and once for one-off money."""
    before = instance.years[0] - 1
    start = rf"\qquad G_{{tm,{before}}} = G^0_{{tm}}"
    one_off = [m for m in instance.measures if not instance.scenario.measures[m].recurrent]
    blocks: list[Block] = [
        Paragraph(say("Budget.")),
        Display(rf"G_{{tmy}} = (1 + \rho_{{tmy}}) G_{{tm,y-1}} + k_{{tmy}}, {start}"),
    ]
    if instance.converging.any():
        told = say("In convergence a rule fixes $G_{tmy}$, and $v_{tmy}$ is what that frees:")
        freed = r"v_{tmy} = (1 + \rho_{tmy}) G_{tm,y-1} + k_{tmy} - G_{tmy}"
        blocks += [Paragraph(told), Display(freed)]
    if one_off:
        told = joined([say("{}", code(m)) for m in one_off])
        blocks.append(
            Paragraph(say("One-off money never enters the next year's budget: {}.", told))
        )
        blocks.append(
            Display(
                r"G_{tmy} = (1 + \rho_{tmy}) \left(G_{tm,y-1} - k_{tm,y-1}\right) + k_{tmy}, "
                + start
            )
        )
    return blocks


def _rate(instance: Instance, indicator: IndicatorData) -> list[Block]:
    """Write a rate: what it counts, per so many of its denominator."""
    i = word(indicator.name)
    per = f"{indicator.per:.12g}"
    names = [instance.measures[int(m)] for m in indicator.measures]
    measures = joined([say("{}", code(name)) for name in names])
    m = word(names[0]) if len(names) == 1 else "m"
    sum_m = "" if len(names) == 1 else rf"\sum_{{m \in \mathcal{{M}}^{{{i}}}}} "
    below = r"\sum_{t \in \mathcal{T}_u} "
    if indicator.in_budget:
        numerator = f"{below}{sum_m}G_{{t,{m},y}}"
    else:
        added = rf"{below}\sum_{{v \le y}} \left(x_{{t,{m},v}} - z_{{t,{m},v}}\right)"
        numerator = rf"{sum_m}\left(S^{{0,{i}}}_{{u,{m}}} + {added}\right)"
    told = say("Rate {} of a territory $u$ of any level, over ", code(indicator.name))
    if len(names) > 1:
        told = (*told, maths(rf"\mathcal{{M}}^{{{i}}}"), *say(" = "))
    equation = rf"r^{{{i}}}_{{uy}} = \frac{{{per}}}{{P^{{{i}}}_{{uy}}}} {numerator}"
    return [Paragraph((*told, *measures, *say("."))), Display(equation)]
