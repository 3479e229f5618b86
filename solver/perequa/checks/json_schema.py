"""The JSON Schema of the scenario format, for editors."""

from __future__ import annotations

from typing import Any

from perequa_models.scenario import Scenario


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a scenario file.

    Notes
    -----
    A file that ``extends`` another may state part of the keys only, so none is then required; the
    merged scenario is checked in full by ``perequa validate``.
    """
    made = Scenario.model_json_schema(by_alias=True)
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
