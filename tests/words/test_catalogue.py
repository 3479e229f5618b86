"""The French catalogue says all that the code says, and is compiled as it is edited."""

from __future__ import annotations

import ast
import gettext
from typing import TYPE_CHECKING

import pytest
from french import CODE, FOLDER, KEYWORDS, Entry, catalogue, forms, messages, places, stated

from perequa.words import LANGUAGES, SOURCE, saying, told, words_in
from perequa.words.terms import objective_kinds, rule_kinds
from perequa_models.catalogue import OBJECTIVE_KINDS, RULE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call that says something, with where it stands."""
    for path in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in KEYWORDS:
                    yield f"{path.name}:{node.lineno} {name}", node


def test_catalogue_has_every_sentence_and_no_other() -> None:
    assert len(stated()) > 150
    assert {Entry(m.context, forms(m.id)) for m in messages()} == stated()
    assert not catalogue().obsolete


def test_no_translation_is_empty_or_doubtful() -> None:
    assert not [m.id for m in messages() if m.fuzzy]
    assert not [m.id for m in messages() if not all(forms(m.string))]
    assert not [m.id for m in messages() if len(forms(m.id)) != len(forms(m.string))]


def test_translations_fill_the_same_places() -> None:
    for message in messages():
        for english, french in zip(forms(message.id), forms(message.string), strict=True):
            assert places(french) == places(english), english


def test_spaces_are_typed_plain() -> None:
    """Unbreakable ones are put by `Words`; an amount before its currency is the exception."""
    for message in messages():
        for french in forms(message.string):
            assert "\u202f" not in french
            assert "\u00a0" not in french.replace("{figure}\u00a0{currency}", ""), french


def test_compiled_catalogue_is_what_people_edited() -> None:
    with (FOLDER / "perequa.mo").open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    expected: dict[object, str] = {}
    for message in messages():
        first = forms(message.id)[0]
        key = f"{message.context}\x04{first}" if message.context else first
        for form, french in enumerate(forms(message.string)):
            expected[key if len(forms(message.id)) == 1 else (key, form)] = french
    assert {key: text for key, text in compiled.items() if key} == expected


def test_what_is_said_is_written_where_it_is_said() -> None:
    """A sentence held in a variable would escape the catalogue."""
    passed_on = {"language.py"}
    for where, call in calls():
        if where.partition(":")[0] in passed_on:
            continue
        literal = call.args[: 2 if where.endswith(("plural", "term")) else 1]
        assert all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in literal), where


def test_every_place_is_filled() -> None:
    checked = 0
    for where, call in calls():
        given = {keyword.arg for keyword in call.keywords}
        if None in given or where.endswith("term") or where.startswith("language.py"):
            continue
        own = {"count"} if where.endswith("plural") else set()
        literal = call.args[: 2 if own else 1]
        wanted = {p for a in literal if isinstance(a, ast.Constant) for p in places(str(a.value))}
        assert wanted - own == given - own, where
        checked += 1
    assert checked > 100


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_of_the_format_has_its_word(lang: str) -> None:
    assert set(rule_kinds(words_in(lang))) == set(RULE_KINDS)
    assert set(objective_kinds(words_in(lang))) == set(OBJECTIVE_KINDS)


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="no words in 'de': en, fr"):
        words_in("de")


def test_the_machines_language_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, "fr_FR.UTF-8")
    words_in.cache_clear()
    assert words_in(SOURCE).phrase("the run holds") == "the run holds"
    monkeypatch.setenv("LANGUAGE", "en")
    words_in.cache_clear()
    assert words_in("fr").phrase("the run holds") == "le calcul est conforme"


def test_what_is_kept_is_told_in_any_language() -> None:
    kept = saying(
        "{one}, {other}",
        one=saying("{count} sentences", count=1234),
        other=saying("could not be checked"),
    )
    assert kept == "1\u202f234 sentences, could not be checked"
    assert told(kept, words_in("fr")) == "phrases\u00a0: 1\u202f234, n'a pas pu être vérifié"
    assert told("allocation.csv", words_in("fr")) == "allocation.csv"
