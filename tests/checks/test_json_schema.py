"""The JSON Schema says of every key what it means, in the words that stand under the key."""

from __future__ import annotations

from typing import Any

import pytest

from perequa.checks.json_schema import json_schema, meanings
from perequa_models.calendars import CALENDARS
from perequa_models.derive import FORMULAS
from perequa_models.strict import Strict, Text

SCHEMA = json_schema()
NODES: dict[str, dict[str, Any]] = {"Scenario": SCHEMA, **SCHEMA["$defs"]}
KEYS = [(name, key) for name, node in NODES.items() for key in node["properties"]]


class Base(Strict):
    """A mapping that others build on."""

    kept: Text
    """Said here, on more
    than one line."""
    changed: Text
    """Said here."""


class Built(Base):
    """A mapping with keys of its own."""

    changed: Text
    """Said anew."""
    untold: Text = "a"

    def method(self) -> None:
        """Say nothing of the key above."""


def test_the_sentence_of_a_key_is_the_one_under_it() -> None:
    assert meanings(Base) == {"kept": "Said here, on more than one line.", "changed": "Said here."}
    assert meanings(Built) == {"kept": "Said here, on more than one line.", "changed": "Said anew."}


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_every_key_is_described(name: str, key: str) -> None:
    described = NODES[name]["properties"][key].get("description", "")
    assert described, f"state under {name}.{key} in the grammar what it means, in one sentence"
    assert described[0].isupper() or described.startswith("`")
    assert described.endswith(".")
    assert ". " not in described, "one sentence"
    # a word in code that is not closed would show its quotes
    assert described.count("`") % 2 == 0


@pytest.mark.parametrize(
    ("name", "key"), [at for at in KEYS if "enum" in NODES[at[0]]["properties"][at[1]]]
)
def test_the_words_a_key_accepts_stand_in_its_description(name: str, key: str) -> None:
    node = NODES[name]["properties"][key]
    for word in node["enum"]:
        assert f"`{word}`" in node["description"], word


def test_formulas_and_calendars_stand_in_the_description_of_their_key() -> None:
    for name, key, words in (("Derive", "formula", FORMULAS), ("Converge", "calendar", CALENDARS)):
        for word in words:
            assert f"`{word}`" in NODES[name]["properties"][key]["description"]


def test_no_two_keys_of_a_mapping_are_said_alike() -> None:
    for name, node in NODES.items():
        said = [key["description"] for key in node["properties"].values()]
        assert len(said) == len(set(said)), name
