"""From a run folder and a question to an explanation: why this much, and who pays for a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.explaining.chosen_rows import names_group, territory_node
from perequa.explaining.project import explain_project
from perequa.explaining.question import Question, check_question
from perequa.explaining.rule import explain_rule
from perequa.explaining.steps import run_asked
from perequa.explaining.subject import Subject
from perequa.explaining.territory import explain_territory
from perequa.interpret.explanation import Explanation
from perequa.optimum import DEFAULT_OPTIONS
from perequa.reopening import reopen

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.engine.session import SolverOptions

__all__ = ["Question", "explain_project", "explain_run"]


def explain_run(
    path: Path, question: Question, options: SolverOptions = DEFAULT_OPTIONS, *, step: str = ""
) -> Explanation:
    """Explain a saved run.

    Parameters
    ----------
    path
        The run folder.
    question
        What is asked.
    options
        How the solver works.
    step
        Of a cascade, the step that is asked; found from the question where it tells.

    Raises
    ------
    UsageError
        When the question names something the run does not have.
    InvalidScenario, RunFolderWrong, NoPrices
        When the folder is no run that can be explained.
    NotProven
        When the solver does not prove an answer.
    """
    check_question(question)
    path = run_asked(path, question, step)
    subject = Subject(reopen(path, options), options)
    across = bool(question.rules) and names_group(subject, question.territory)
    named = question.territory and not across
    node = territory_node(subject, question.territory) if named else None
    rule = explain_rule(subject, question, node) if question.rules else None
    alone = node is not None and rule is None
    territory = explain_territory(subject, node) if alone and node is not None else None
    return Explanation(run=subject.run, lines=subject.lines, rule=rule, territory=territory)
