"""An explanation said in sentences with figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.explanation import cells_below, gained, price_size
from perequa.interpret.same_rows import full_statement
from perequa.words.terms import (
    amount,
    limit_named,
    objective_named,
    row_named,
    signed_amount,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perequa.interpret.explanation import (
        Explanation,
        MovePrice,
        OneMore,
        Rate,
        RuleExplained,
        Share,
        TerritoryExplained,
    )
    from perequa.interpret.moves import Move
    from perequa.interpret.run import Solved
    from perequa.words import Words

    Line = Mapping[str, str]

SHOWN = 6
"""Territories named on each side of a move; the JSON document has them all."""
SHOWN_RULES = 12
MOST_EFFECTS = 4
"""Objectives beyond which those that do not move are counted instead of named."""
NOTHING = 5e-5
"""Places (or money) below which nobody is named."""


def explanation_text(told: Explanation, words: Words) -> str:
    """Write an explanation for a terminal."""
    parts: list[str] = []
    if told.rule is not None:
        parts.extend(_rule(told, told.rule, words))
    if told.territory is not None:
        parts.extend(_territory(told, told.territory, words))
    if told.rule is None and told.territory is None:
        parts.extend(_overview(told, words))
    parts.append(signs(words))
    return "\n".join(parts)


def signs(words: Words) -> str:
    """Say what the signs mean: on every page that tells effects."""
    return words.phrase(
        "Objectives are minimised: an effect below zero is an improvement. Effects and changes "
        "are those of the published plan."
    )


# a rule


def _rule(told: Explanation, rule: RuleExplained, words: Words) -> Iterator[str]:
    said: set[str] = set()
    for line in rule.lines[:SHOWN_RULES]:
        statement = full_statement(line, words)
        if statement not in said:  # a limit of no price says the same at every priority
            yield statement
        said.add(statement)
        for move in _moves_of(told, rule, line):
            yield from _move(told.run, _step_said(told, move, words), move, words)
    yield from _more(len(rule.lines), words)
    for move in rule.together:
        label = _together_said(told, move, words)
        yield from _move(told.run, label, move, words, indent="")
    if rule.amount is not None:
        yield from _amount(told, rule, words)


def _moves_of(told: Explanation, rule: RuleExplained, line: Line) -> list[Move]:
    if line["priority"] != rule.lines[0]["priority"]:
        return []  # told once, under the first priority
    return [m for m in rule.alone if told.lines[min(m.direction)]["row"] == line["row"]]


def _step_said(told: Explanation, move: Move, words: Words) -> str:
    (row, step), *_ = move.direction.items()
    size = amount(abs(step), told.lines[row]["unit"], words)
    if step > 0:
        return words.phrase("{size} more", size=size)
    return words.phrase("{size} less", size=size)


def _together_said(told: Explanation, move: Move, words: Words) -> str:
    steps = {
        amount(abs(step), told.lines[row]["unit"], words): None
        for row, step in move.direction.items()
    }
    parts = {"count": str(len(move.direction)), "sizes": " / ".join(steps)}
    if next(iter(move.direction.values())) > 0:
        return words.phrase("All {count} rows together, each raised by {sizes}", **parts)
    return words.phrase("All {count} rows together, each lowered by {sizes}", **parts)


def _amount(told: Explanation, rule: RuleExplained, words: Words) -> Iterator[str]:
    asked = rule.amount
    if asked is None:
        return
    sizes = {
        amount(step, told.lines[row]["unit"], words): None
        for row, step in asked.again.direction.items()
    }
    label = words.plural(
        "{count} limit moved by {sizes}, the scenario solved again",
        "{count} limits moved by {sizes}, the scenario solved again",
        len(asked.again.direction),
        sizes=" / ".join(sizes),
    )
    yield from _move(told.run, label, asked.again, words, indent="")
    yield from (f"  {_priced(told.run, price, words)}" for price in asked.prices)
    if not asked.again.possible:
        share = words.figures.percent(asked.farthest)
        said = words.phrase("a plan is left up to {share} of that move", share=share)
        yield f"  {said}"
        return
    rate = asked.at_the_price
    if rate is None:
        return
    yield f"  {_at_the_price(told.run, rate, words)}"
    yield f"  {_followed(rate, words)}"


def _priced(run: Solved, price: MovePrice, words: Words) -> str:
    """Say what a move costs at one priority by its price, and how far that holds."""
    kinds = run.instance.scenario.objectives
    said = {
        "objectives": " + ".join(
            objective_named(name, kinds[name].kind, words) for name in price.objectives
        ),
        "effect": signed_amount(price.effect, price.unit, words),
        "share": words.figures.percent(price.holds),
    }
    if math.isinf(price.effect):
        return words.phrase("price: no plan is left however small the move")
    if math.isinf(price.holds):
        return words.phrase("price: {objectives} {effect}, however far the move goes", **said)
    if price.exact:
        return words.phrase("price: {objectives} {effect}, up to {share} of the move", **said)
    return words.phrase("price: {objectives} {effect}, up to {share} of the move at least", **said)


def _at_the_price(run: Solved, rate: Move, words: Words) -> str:
    return words.phrase(
        "at the rate of the plan it would be: {effects}", effects=_effects(run, rate, words)
    )


def _followed(rate: Move, words: Words) -> str:
    if rate.holds >= 1.0:
        return words.phrase("the plan follows that rate all along the move")
    share = words.figures.percent(rate.holds)
    return words.phrase("the plan follows that rate for {share} of the move", share=share)


def _move(
    run: Solved, label: str, move: Move, words: Words, *, indent: str = "  "
) -> Iterator[str]:
    """Say what a move does to the objectives and to whom."""
    if not move.possible:
        said = words.phrase("{label}: impossible, no plan would satisfy every rule", label=label)
        yield f"{indent}{said}"
        return
    said = words.phrase("{label}: {effects}", label=label, effects=_effects(run, move, words))
    yield f"{indent}{said}"
    yield from (f"{indent}  {said}" for said in _who(run, move, words))
    if not math.isnan(move.holds):
        yield f"{indent}  {_holds(move, words)}"


def _holds(move: Move, words: Words) -> str:
    if math.isinf(move.holds):
        return words.phrase("however far the limit moves")
    if move.holds < 1.0:
        return words.phrase(
            "at this rate for {share} of that step, then otherwise",
            share=words.figures.percent(move.holds),
        )
    return words.plural(
        "at this rate for {count} such step",
        "at this rate for {count} such steps",
        move.holds,
    )


def _effects(run: Solved, move: Move, words: Words) -> str:
    kinds = run.instance.scenario.objectives
    units = _units(run)
    told = [(name, effect) for name, effect in move.effects.items() if effect is not None]
    still = [name for name, effect in told if effect == 0]
    # the many levels of a leximin: those that move are told, the others counted
    hidden = still if len(told) > MOST_EFFECTS and len(still) > 1 else []
    said = [
        f"{objective_named(name, kinds[name].kind, words)} "
        f"{signed_amount(effect, units[name], words)}"
        for name, effect in told
        if name not in hidden
    ]
    if hidden:
        said.append(words.phrase("{count} other objectives unchanged", count=len(hidden)))
    return ", ".join(said)


def _units(run: Solved) -> Mapping[str, str]:
    from perequa_models.catalogue import OBJECTIVE_KINDS  # noqa: PLC0415 - the whole catalogue

    return {
        name: OBJECTIVE_KINDS[spec.kind].unit(run.instance, spec)
        for name, spec in run.instance.scenario.objectives.items()
    }


def _who(run: Solved, move: Move, words: Words) -> Iterator[str]:
    """Name who gains and who loses, measure by measure, and what it adds up to."""
    for m, measure in enumerate(run.instance.measures):
        by_territory = move.changes[:, m].sum(axis=1)
        if not (np.abs(by_territory) > NOTHING).any():
            continue
        unit = run.instance.scenario.currency if run.instance.is_money[m] else "place"
        order = np.argsort(-np.abs(by_territory), kind="stable")
        sides = [[t for t in order if s * by_territory[t] > NOTHING] for s in (1, -1)]
        gain, loss = (_named(run, some, by_territory, words) for some in sides)
        total = float(by_territory.sum())
        total = 0.0 if abs(total) <= NOTHING else total
        parts = {"measure": measure, "total": amount(total, unit, words)}
        if gain and loss:
            yield words.phrase(
                "{measure}: {gain}; paid by {loss}; in all {total}", gain=gain, loss=loss, **parts
            )
        else:
            yield words.phrase("{measure}: {who}; in all {total}", who=gain or loss, **parts)
    if not (np.abs(move.changes) > NOTHING).any():
        yield words.phrase("nobody gains or loses")


def _named(run: Solved, some: Sequence[int], changes: Iterable[float], words: Words) -> str:
    listed = list(changes)
    named = [
        f"{run.instance.territories[t].name} {words.figures.signed(listed[t])}"
        for t in some[:SHOWN]
    ]
    if len(some) > SHOWN:
        rest = words.figures.signed(sum(listed[t] for t in some[SHOWN:]))
        named.append(words.phrase("{count} others {rest}", count=str(len(some) - SHOWN), rest=rest))
    return ", ".join(named)


# a territory


def _territory(told: Explanation, asked: TerritoryExplained, words: Words) -> Iterator[str]:
    who = f"{asked.territory.name} ({asked.territory.id})"
    for share in asked.shares:
        yield _share(who, share, told.run, words)
    for rate in asked.rates:
        yield f"  {_rate(rate, words)}"
    for share in asked.shares:
        yield f"  {_ties(share, words)}"
    yield words.phrase("Rules that hold it there, its own:")
    yield from _held(asked.own, words)
    yield words.phrase("Rules it shares with others:")
    yield from _held(asked.shared, words)
    yield from _giving(told, asked, words)
    for more in asked.one_more:
        yield from _one_more(told, more, words)


def _share(who: str, share: Share, run: Solved, words: Words) -> str:
    parts = {
        "who": who,
        "planned": amount(share.planned, share.unit, words),
        "measure": share.measure,
        "credits": amount(share.credits, run.instance.scenario.currency, words),
    }
    if math.isnan(share.reference):
        return words.phrase("{who} gets {planned} of {measure}, {credits}.", **parts)
    return words.phrase(
        "{who} gets {planned} of {measure}, {credits}; the reference gives it {reference} "
        "({difference}).",
        reference=words.number(share.reference),
        difference=words.figures.signed(share.planned - share.reference),
        **parts,
    )


def _rate(rate: Rate, words: Words) -> str:
    figures = words.figures
    return words.phrase(
        "{indicator}: {before} before, {after} after, target {target}",
        indicator=rate.indicator,
        before=figures.fixed(rate.before, 1),
        after=figures.fixed(rate.after, 1),
        target=figures.fixed(rate.target, 1),
    )


def _ties(share: Share, words: Words) -> str:
    if share.most - share.least <= NOTHING * max(1.0, abs(share.planned)):
        return words.phrase(
            "{measure}: every optimal plan gives it the same", measure=share.measure
        )
    return words.phrase(
        "{measure}: the optimal plans give it from {least} to {most}; the tie-break chose "
        "{planned}",
        measure=share.measure,
        least=words.number(share.least),
        most=words.number(share.most),
        planned=words.number(share.planned),
    )


def _held(lines: Sequence[Line], words: Words) -> Iterator[str]:
    if not lines:
        nothing = words.phrase("none")
        yield f"  {nothing}"
    for line in lines[:SHOWN_RULES]:
        yield f"  {full_statement(line, words)}"
    yield from (f"  {said}" for said in _more(len(lines), words))


def _more(count: int, words: Words) -> Iterator[str]:
    if count > SHOWN_RULES:
        yield words.phrase("and {count} more in shadow_prices.csv", count=str(count - SHOWN_RULES))


def _giving(told: Explanation, asked: TerritoryExplained, words: Words) -> Iterator[str]:
    if not asked.gives:
        return
    run = told.run
    node = run.instance.tree.index[asked.territory.level, asked.territory.code]
    inside = cells_below(run, node)
    yield words.phrase("What would give it more:")
    for move in asked.gives:
        row = min(move.direction)
        line = told.lines[row]
        gains = gained(move, inside)
        figures = [
            amount(float(gains[m]), _unit(run, int(m)), words)
            for m in np.flatnonzero(np.abs(gains) > NOTHING)
        ]
        label = f"{row_named(line, words)}, {_step_said(told, move, words)}"
        gain = words.phrase("{label}: {effects}", label=label, effects=f"+{', '.join(figures)}")
        yield f"  {gain}"


def _unit(run: Solved, m: int) -> str:
    return run.instance.scenario.currency if run.instance.is_money[m] else "place"


def _one_more(told: Explanation, more: OneMore, words: Words) -> Iterator[str]:
    run = told.run
    m = run.instance.measures.index(more.measure)
    size = amount(more.step, _unit(run, int(m)), words)
    if more.move is None:
        yield words.phrase(
            "{size} more of {measure} is impossible; what forbids it (without any one of these "
            "it would be possible):",
            size=size,
            measure=more.measure,
        )
        yield from (f"  {limit_named(told.lines[row], words)}" for row in more.blocked_by)
        return
    label = words.phrase("{size} more of {measure}, imposed", size=size, measure=more.measure)
    yield from _move(run, label, more.move, words, indent="")


# the whole run


def _overview(told: Explanation, words: Words) -> Iterator[str]:
    priced = [line for line in told.lines.values() if price_size(line)]
    ranked = sorted(priced, key=lambda line: (line["unit"], -price_size(line), line["row"]))
    yield words.phrase("{count} rules carry a price:", count=str(len(priced)))
    yield from _held(ranked, words)
    yield words.phrase("Ask on: --rule NAME, --territory CODE.")
