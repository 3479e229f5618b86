"""What is said of a project that waits: names, in both languages, and no identifier of a row."""

from __future__ import annotations

import pytest

from perequa.interpret.project_sentences import listed, project_named, project_statement
from perequa.words import words_in

WAITS = {
    "project": "p3",
    "title": "MAS de la Prée",
    "taken": "false",
    "rank": "4",
    "blocked_by": "two/region:a/b/-/2004/at_most;(projects)/group/group:g/-/-"
    ";(projects)/requires/project:p3/-/-",
    "blocked_by_kinds": "selection;group;requires",
    "blocked_by_names": "Bretagne;g;FDT de la Prée",
    "lost_at": "priority 2",
    "missing_merit": "",
    "missing_credits": "",
    "missing_credits_are": "",
}


def test_what_keeps_it_out_is_named_in_english() -> None:
    assert project_statement(WAITS, words_in("en")) == (
        "MAS de la Prée (p3) is not taken: number 4 in the order of service. Added to the plan it "
        "would break selection two (Bretagne, 2004), one project alone of g, the project that it "
        "requires (FDT de la Prée). In its place priority 2 would be worse."
    )


def test_what_keeps_it_out_is_named_in_french() -> None:
    assert project_statement(WAITS, words_in("fr")) == (
        "MAS de la Prée (p3) n'est pas retenu\u00a0: numéro 4 dans l'ordre de service. Ajouté au "
        "plan, il enfreindrait\u00a0: sélection two (Bretagne, 2004), un seul projet de g, le "
        "projet dont il dépend (FDT de la Prée). À sa place, la priorité 2 serait moins bien "
        "servie."
    )


@pytest.mark.parametrize(
    ("code", "title", "name"),
    [
        ("p3", "", "p3"),
        ("p3", "MAS de la Prée", "MAS de la Prée (p3)"),
        # the title has the code already
        ("83-1", "MAS 83-1", "MAS 83-1"),
    ],
)
def test_a_project_is_named_by_its_title(code: str, title: str, name: str) -> None:
    assert project_named(code, title) == name


def test_a_name_with_a_semicolon_stays_one_name() -> None:
    assert listed(["a; b", "c"]) == "a, b;c"
