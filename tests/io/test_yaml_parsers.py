"""The fast parser reads what PyYAML's own reads, or is not used."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from perequa.io import yaml_nodes
from perequa.io.findings import InvalidInput
from perequa.io.yaml_nodes import read_yaml

if TYPE_CHECKING:
    from perequa_models.problems import Path as Place

SCENARIOS = Path(__file__).parents[2] / "scenarios"
MARKS = "\t \n:-{}[],\"'#&*!|>%@`?~\\\r\u2028é\ufeff.0aA"

pytestmark = pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML without libyaml")


def _read(text: str) -> tuple[Any, dict[Place, int]] | None:
    """Data, and the line of every value: the column of an empty one may differ by a space."""
    try:
        document = read_yaml(text, "f", "f")
    except InvalidInput:
        return None
    return document.data, {path: at.line for path, at in document.origins.items()}


def _spoilt(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    text = "\n".join(lines[start : start + 12])
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(MARKS) + text[at + rng.randint(0, 1) :]
    return text


def test_both_parsers_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    texts = [path.read_text(encoding="utf-8") for path in SCENARIOS.glob("*/scenario.yaml")]
    spoilt = [*texts, *(_spoilt(rng, rng.choice(texts)) for _ in range(1500))]
    found = [_read(text) for text in spoilt]
    monkeypatch.setattr(yaml_nodes, "_loaders", lambda _: [yaml.SafeLoader])
    assert found == [_read(text) for text in spoilt]
    assert sum(one is None for one in found) > 100
