"""The page of the mathematics: words, equations and sources of every kind, from the catalogue.

What the catalogue cannot know (a unit that depends on the scenario, how a price reads) is taken
from the page of the kind, so that it is written in one place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perequa_models.catalogue import OBJECTIVE_KINDS, RULE_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEAD = """# The mathematics

This page is written from the catalogue of kinds, from which the program itself and
`perequa formulation` are made too; `perequa formulation SCENARIO` prints the same with the names
and figures of a scenario.

$x_{tmy} \\ge 0$ is what is newly funded in territory $t$, for measure $m$, in year $y$; a group $g$
is what a rule sums over, and $L$ a limit. $k$ stands for the credits of a year, $f$ for full-year
credits, $S$ for the stock, $G$ for the budget, $q$ for the one of them that a rule counts
([how each follows](scenario.md#years-stock-credits-budget)). $C_t$ is what an indicator counts in a
territory, $p_t$ its population divided by `per`, $r_t = C_t / p_t$ its rate, $\\tau$ the target,
$w_t$ the weight of the territory.
"""
RULES = """## Rules

Every limit is a row of the program with a name, and so has a price on both sides
([how to read it](prices.md)).
"""
OBJECTIVES = """## Objectives

Each is minimised. The second equation is how the program states it: linear, and equal to the first
at the optimum.
"""


def mathematics_page(docs: Path) -> str:
    """Write words, equations, unit, price and source of every rule and every objective.

    Parameters
    ----------
    docs
        Folder of the pages of the kinds.
    """
    lines = [HEAD, RULES]
    for rule in RULE_KINDS.values():
        facts = [
            ("Limit", f"${rule.symbol}$, in {rule.unit}"),
            ("Price", rule.price.replace("docs/projects.md", "[projects](projects.md)")),
            ("Source", rule.source),
        ]
        told = section(docs / "rules" / f"{rule.name}.md", "What its price means")
        lines += _entry("rules", rule.name, rule.words, [rule.equation], facts, told)
    lines.append(OBJECTIVES)
    for kind in OBJECTIVE_KINDS.values():
        page = docs / "objectives" / f"{kind.name}.md"
        facts = [
            ("Value", f"${kind.symbol}$"),
            ("Unit", " ".join(section(page, "Unit").split())),
            ("Source", kind.source),
        ]
        told = section(page, "What a price under it means")
        equations = [kind.equation, kind.linear]
        lines += _entry("objectives", kind.name, kind.words, equations, facts, told)
    return "\n".join(lines)


def section(page: Path, heading: str) -> str:
    """Return what the page of a kind says under a heading, with links from the folder above."""
    found = re.search(
        rf"^## {re.escape(heading)}\n\n(.*?)(?=\n## |\Z)",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    if found is None:
        raise ValueError(f"{page} says nothing under {heading}")
    told = re.sub(r"\]\((?=\w+\.md)", f"]({page.parent.name}/", found[1].strip())
    return told.replace("](../", "](")


def _entry(
    folder: str,
    name: str,
    words: str,
    equations: Sequence[str],
    facts: Sequence[tuple[str, str]],
    told: str,
) -> list[str]:
    lines = [f"### {name}", "", f"{words} [Options and an example]({folder}/{name}.md).", ""]
    for equation in equations:
        lines += ["$$", equation, "$$", ""]
    for what, said in facts:
        lines += [f"- **{what}**: {said}"]
    return [*lines, "", told, ""]
