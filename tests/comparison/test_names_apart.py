"""Runs of one scenario are told apart by the last part of their place, where that is enough."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from perequa.comparison import sides

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (("a/more", "b/less"), ("more", "less")),
        (("a/more", "b/more"), ("a/more", "b/more")),
        (("mine.yaml+x", "there/mine.yaml"), ("mine.yaml+x", "mine.yaml")),
        (("a/other", "b/less", "c/more"), ("other", "less", "more")),
    ],
)
def test_the_shortest_that_tells_all_apart(
    monkeypatch: pytest.MonkeyPatch, written: Sequence[str], names: Sequence[str]
) -> None:
    asked = [SimpleNamespace(name="mine", asked=SimpleNamespace(written=one)) for one in written]

    def renamed(side: SimpleNamespace, name: str) -> SimpleNamespace:
        return SimpleNamespace(name=name, asked=side.asked)

    monkeypatch.setattr(sides, "replace", renamed)
    assert [side.name for side in sides.with_names_apart(cast("Any", asked))] == list(names)


def test_a_name_that_nobody_shares_stays() -> None:
    alone = SimpleNamespace(name="alone", asked=SimpleNamespace(written="a/run"))
    assert sides.with_names_apart(cast("Any", [alone])) == (alone,)
