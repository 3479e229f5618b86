"""Each sentence, word for word, in both languages."""

from __future__ import annotations

import pytest

from perequa.interpret.sentences import price_statement
from perequa.words import words_in
from perequa.words.terms import limit_named, objective_named, row_named, rule_named

CAP = {
    "scenario": "mine",
    "row": "unfunded/department:48/ehpad/2021/at_most",
    "rule": "unfunded",
    "kind": "cap",
    "level": "department",
    "territory": "48",
    "territory_name": "Lozère",
    "measure": "ehpad",
    "year": "2021",
    "unit": "place",
    "side": "at_most",
    "limit": "60.0",
    "priority": "1",
    "effect_of_one_more": "-1.0",
    "effect_of_one_less": "1.5",
    "holds_up_to": "72.5",
    "holds_down_to": "59.5",
    "range": "inner",
    "unique": "false",
    "objective": "converge",
    "objective_kind": "shortfall",
    "objective_unit": "place",
    "same_as": "",
}
MONEY = {
    "rule": "envelope",
    "kind": "envelope",
    "territory": "",
    "territory_name": "",
    "unit": "EUR",
    "limit": "24100000.0",
    "effect_of_one_more": "-0.000149377593360996",
    "effect_of_one_less": "0.0",
    "holds_up_to": "45332381.4",
    "objective": "shortfall",
}
NOTHING = {"effect_of_one_more": "0.0", "effect_of_one_less": "0.0"}


@pytest.mark.parametrize(
    ("cells", "english", "french"),
    [
        (
            {},
            "cap unfunded (Lozère, ehpad, 2021), at most 60 places: one place more improves "
            "shortfall (converge) by 1 place (holds up to 72.5); one place less worsens shortfall "
            "(converge) by 1.5 places (holds down to 59.5, less than that step).",
            "plafond unfunded (Lozère, ehpad, 2021), au plus 60 places : une place de plus réduit "
            "le manque au taux visé (converge) de 1 place (valable jusqu'à 72,5) ; une place de "
            "moins accroît le manque au taux visé (converge) de 1,5 place (valable en descendant "
            "jusqu'à 59,5, moins que ce pas).",
        ),
        (
            MONEY,
            "envelope (ehpad, 2021), at most 24 100 000 EUR: 100 000 EUR more improves shortfall "
            "by 14.94 places (holds up to 45 332 381); 100 000 EUR less changes nothing (holds "
            "down to 59.5).",
            "enveloppe (ehpad, 2021), au plus 24 100 000 € : 100 000 € de plus réduisent le "
            "manque au taux visé de 14,94 places (valable jusqu'à 45 332 381) ; 100 000 € de moins "
            "ne changent rien (valable en descendant jusqu'à 59,5).",
        ),
        (
            {"side": "equals", "effect_of_one_less": "inf", "holds_up_to": "inf"},
            "cap unfunded (Lozère, ehpad, 2021), exactly 60 places: one place more improves "
            "shortfall (converge) by 1 place; one place less is impossible: no plan would satisfy "
            "every rule.",
            "plafond unfunded (Lozère, ehpad, 2021), exactement 60 places : une place de plus "
            "réduit le manque au taux visé (converge) de 1 place ; une place de moins, c'est "
            "impossible : aucun plan ne respecterait toutes les règles.",
        ),
        (
            {**MONEY, "effect_of_one_more": "inf", "objective_unit": "EUR", "side": "at_least",
             "effect_of_one_less": "-1.0", "kind": "floor", "holds_down_to": "-inf"},
            "floor envelope (ehpad, 2021), at least 24 100 000 EUR: 100 000 EUR more is "
            "impossible: no plan would satisfy every rule; 100 000 EUR less improves shortfall by "
            "100 000 EUR.",
            "plancher envelope (ehpad, 2021), au moins 24 100 000 € : 100 000 € de plus, c'est "
            "impossible : aucun plan ne respecterait toutes les règles ; 100 000 € de moins "
            "réduisent le manque au taux visé de 100 000 €.",
        ),
        (
            {"objective": "converge;extremes", "objective_kind": "absolute_gap;range",
             "objective_unit": "share of the initial gap", "effect_of_one_more": "0.0001054",
             "effect_of_one_less": "-3.2e-05", "holds_down_to": "0.0"},
            "cap unfunded (Lozère, ehpad, 2021), at most 60 places: one place more worsens "
            "absolute gap (converge) + range (extremes) by 0.01054% of the initial gap (holds up "
            "to 72.5); one place less improves absolute gap (converge) + range (extremes) by "
            "0.0032% of the initial gap (holds down to 0).",
            "plafond unfunded (Lozère, ehpad, 2021), au plus 60 places : une place de plus accroît "
            "l'écart absolu au taux visé (converge) + l'écart entre taux extrêmes (extremes) de "
            "0,01054 % de l'écart initial (valable jusqu'à 72,5) ; une place de moins réduit "
            "l'écart absolu au taux visé (converge) + l'écart entre taux extrêmes (extremes) de "
            "0,0032 % de l'écart initial (valable en descendant jusqu'à 0).",
        ),
        (
            NOTHING,
            "cap unfunded (Lozère, ehpad, 2021), at most 60 places: one more or one less changes "
            "nothing between 59.5 and 72.5.",
            "plafond unfunded (Lozère, ehpad, 2021), au plus 60 places : une unité de plus ou de "
            "moins ne change rien entre 59,5 et 72,5.",
        ),
        (
            {**NOTHING, "holds_up_to": "inf"},
            "cap unfunded (Lozère, ehpad, 2021), at most 60 places: one more or one less changes "
            "nothing above 59.5.",
            "plafond unfunded (Lozère, ehpad, 2021), au plus 60 places : une unité de plus ou de "
            "moins ne change rien au-dessus de 59,5.",
        ),
        (
            {**NOTHING, "holds_down_to": "-inf"},
            "cap unfunded (Lozère, ehpad, 2021), at most 60 places: one more or one less changes "
            "nothing below 72.5.",
            "plafond unfunded (Lozère, ehpad, 2021), au plus 60 places : une unité de plus ou de "
            "moins ne change rien au-dessous de 72,5.",
        ),
        (
            {**NOTHING, "holds_up_to": "inf", "holds_down_to": "-inf", "limit": "1.0"},
            "cap unfunded (Lozère, ehpad, 2021), at most 1 place: one more or one less changes "
            "nothing.",
            "plafond unfunded (Lozère, ehpad, 2021), au plus 1 place : une unité de plus ou de "
            "moins ne change rien.",
        ),
        (
            {"effect_of_one_more": "", "effect_of_one_less": "", "priority": "2"},
            "cap unfunded (Lozère, ehpad, 2021), at most 60 places: the price at priority 2 is "
            "not available yet.",
            "plafond unfunded (Lozère, ehpad, 2021), au plus 60 places : le prix à la priorité 2 "
            "n'est pas encore disponible.",
        ),
    ],
)  # fmt: skip
def test_price_statement(cells: dict[str, str], english: str, french: str) -> None:
    row = CAP | cells
    for lang, expected in (("en", english), ("fr", french)):
        said = price_statement(row, words_in(lang))
        assert said.replace("\u202f", " ").replace("\u00a0", " ") == expected


def test_french_spaces_do_not_break() -> None:
    said = price_statement(
        CAP | MONEY | {"objective_unit": "share of the initial gap"}, words_in("fr")
    )
    assert "24\u202f100\u202f000\u00a0€\u00a0: 100\u202f000\u00a0€ de plus" in said
    assert "\u202f; " in said
    assert "\u00a0% de" in said
    assert not {" :", " ;", " %", " €"} & {said[i : i + 2] for i in range(len(said))}


def test_braces_in_names_are_kept() -> None:
    row = CAP | {"rule": "{odd}", "territory_name": "L'{île}"}
    assert price_statement(row, words_in("fr")).startswith("plafond {odd} (L'{île}, ehpad, 2021)")


@pytest.mark.parametrize(
    ("name", "kind", "english", "french"),
    [
        ("floor", "floor", "floor", "plancher"),
        ("caps", "cap", "caps", "plafond caps"),
        ("unfunded", "cap", "cap unfunded", "plafond unfunded"),
        ("plafond_alloue", "cap", "cap plafond_alloue", "plafond_alloue"),
        ("Ring_fence_idf", "ring_fence", "Ring_fence_idf",
         "crédits fléchés Ring_fence_idf"),
        ("odd", "not_a_kind", "not_a_kind odd", "not_a_kind odd"),
    ],
)  # fmt: skip
def test_rules_are_named_with_their_kind(name: str, kind: str, english: str, french: str) -> None:
    assert rule_named(name, kind, words_in("en")) == english
    assert rule_named(name, kind, words_in("fr")) == french


def test_objectives_are_named_by_what_they_make_small() -> None:
    words = words_in("fr")
    assert objective_named("spend", "spend", words) == "la dépense"
    assert objective_named("amplitude", "range", words) == "l'écart entre taux extrêmes (amplitude)"
    assert objective_named("odd", "not_a_kind", words) == "odd"


def test_rows_without_a_territory() -> None:
    row = CAP | {"territory": "", "territory_name": "", "measure": "", "year": ""}
    assert row_named(row, words_in("fr")) == "plafond unfunded"
    assert limit_named(row, words_in("fr")) == "plafond unfunded, au plus 60 places"
    assert (
        row_named(CAP | {"territory_name": ""}, words_in("en")) == "cap unfunded (48, ehpad, 2021)"
    )
