"""The JSON Schema of the scenario format, for editors.

What a key means is written once, under the key in the grammar. It is read from there when the
schema is asked for: reading it as the classes are made would slow every command down.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from perequa_models.scenario import Scenario
from perequa_models.strict import Strict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a scenario file, with a sentence on every key.

    Notes
    -----
    A file that ``extends`` another may state part of the keys only, so none is then required; the
    merged scenario is checked in full by ``perequa validate``.
    """
    made = Scenario.model_json_schema(by_alias=True, schema_generator=_Described)
    required = made.pop("required")
    made["properties"]["extends"] = {
        "title": "Extends",
        "type": "string",
        "description": "Path of another scenario file, from this file's folder; null removes.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "Perequa scenario",
        "anyOf": [{"required": ["extends"]}, {"required": required}],
    }


class _Described(GenerateJsonSchema):
    """Says of each key what stands under it in the grammar."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        grammar = schema["cls"]
        told = meanings(grammar)
        for name, field in grammar.model_fields.items():
            if name in told:
                made["properties"][field.alias or name]["description"] = told[name]
        return made


def meanings(grammar: type[Strict]) -> dict[str, str]:
    """Sentences under the fields of a mapping, its own before those of what it builds on."""
    found: dict[str, str] = {}
    for base in reversed(grammar.__mro__):
        if issubclass(base, Strict):
            found |= _written(base.__module__).get(base.__name__, {})
    return found


@cache
def _written(module: str) -> Mapping[str, Mapping[str, str]]:
    """Sentences under the fields of each class of a module."""
    source = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        node.name: dict(_under_fields(node))
        for node in source.body
        if isinstance(node, ast.ClassDef)
    }


def _under_fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, under in pairwise(node.body):
        match field, under:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())
