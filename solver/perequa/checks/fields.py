"""The keys a scenario accepts at a place, read from the typed scenario itself."""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from perequa_models.scenario import Scenario

if TYPE_CHECKING:
    from perequa_models.problems import Path


def models_at(path: Path, data: object) -> tuple[type[BaseModel], ...]:
    """Return the models that a mapping at `path` may be.

    Parameters
    ----------
    path
        Place of the mapping in the scenario.
    data
        The whole scenario; tells which kind a rule or an objective is.
    """
    kinds: list[Any] = [Scenario]
    value: Any = data
    for step in path:
        value = _child(value, step)
        kinds = [below for kind in kinds for below in _below(kind, step)]
        kinds = _of_its_kind(kinds, value)
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))


def keys_of(models: tuple[type[BaseModel], ...]) -> tuple[str, ...]:
    """Return the keys these models accept, in the order of their declaration."""
    keys: dict[str, None] = {}
    for model in models:
        for name, field in model.model_fields.items():
            keys[field.alias or name] = None
    return tuple(keys)


def _child(value: Any, step: str | int) -> Any:  # noqa: ANN401 - plain data
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return None


def _below(kind: Any, step: str | int) -> list[Any]:  # noqa: ANN401 - a type
    """Return the alternatives of what stands one step below a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if (field.alias or name) == step:
                return _alternatives(field.annotation)
        return []
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is dict:
        return _alternatives(arguments[1])
    if origin is tuple:
        # a single item may stand for a list of one: its keys are then the item's
        items = _alternatives(arguments[0])
        return items if isinstance(step, int) else [b for i in items for b in _below(i, step)]
    return []


def _alternatives(annotation: Any) -> list[Any]:  # noqa: ANN401 - a type
    """Unfold unions and annotations."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _alternatives(typing.get_args(annotation)[0])
    if origin in {typing.Union, types.UnionType}:
        return [a for part in typing.get_args(annotation) for a in _alternatives(part)]
    return [annotation]


def _of_its_kind(kinds: list[Any], value: Any) -> list[Any]:  # noqa: ANN401 - types
    """Keep the model whose ``kind`` the value states, when it states one."""
    stated = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(stated, str):
        return kinds
    return [k for k in kinds if stated in _kind_words(k)] or kinds


def _kind_words(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a type
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return ()
    field = kind.model_fields.get("kind")
    return typing.get_args(field.annotation) if field is not None else ()
