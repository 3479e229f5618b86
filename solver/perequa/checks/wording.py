"""Pydantic's error types in the planner's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class Wording(NamedTuple):
    """What an error type means to a planner."""

    code: str
    message: str
    accepted: str
    remedy: str


_TYPES = {
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text (numbers in quotes)",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_NAMES = frozenset(
    {"too_short", "too_long", "string_too_short", "string_too_long", "string_pattern_mismatch"}
)
_PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "small letters, digits and _, starting with a letter",
    r"^[a-z0-9][a-z0-9_.-]*$": "small letters, digits, dot, dash and _",
    r"^[A-Z]{3}$": "the three capital letters of a currency, e.g. EUR",
}
_KEYS_OF_MAPPINGS = {
    "ColumnRef": "{column: C}",
    "ColumnBound": "{column: C}",
    "ColumnEquals": "{column: C, equals: V}",
    "FileBound": "{file: F}",
    "PerDay": "{per_day: price, days: 365}",
    "BelowTarget": "{below: national_initial}",
    "NamedTerritories": "{territories: [...]}",
    "IndicatorCondition": "{indicator: I, below: national_initial}",
    "Mix": "{mix: [...]}",
}


def is_mismatch(error_type: str) -> bool:
    """Whether an error says that a value is of another sort, not that it is out of bounds."""
    return error_type in _TYPES or error_type == "literal_error"


def worded(error: ErrorDetails, key: str) -> Wording:
    """Translate an error of pydantic by its type.

    Parameters
    ----------
    error
        The error.
    key
        The key (or position) it speaks of.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind in _BOUNDS:
        name, word = _BOUNDS[kind]
        accepted = f"a number {word} {context[name]:g}"
        return Wording("out_of_bounds", f"{key} is out of bounds", accepted, "correct the figure")
    if kind in _NAMES:
        return _name(kind, context, key)
    if kind == "missing":
        return Wording("missing_key", f"{key} is missing", "a value", f"state {key}")
    if kind == "value_error":
        return Wording("inconsistent", str(context["error"]), "", "correct the section")
    if kind == "literal_error":
        expected = str(context["expected"])
        return Wording("wrong_value", f"{key} cannot be this", expected, "use one of these words")
    accepted = _KEYS_OF_MAPPINGS.get(context.get("class_name", ""), _TYPES.get(kind, ""))
    return Wording("wrong_type", f"{key} is not of the right sort", accepted, "correct the value")


def _name(kind: str, context: dict[str, Any], key: str) -> Wording:
    if kind == "too_long":
        accepted = f"at most {context['max_length']}"
        return Wording("too_many", f"{key} holds too many items", accepted, "drop some")
    if kind == "string_too_long":
        accepted = f"at most {context['max_length']} characters"
        return Wording("wrong_name", f"{key} is too long", accepted, "shorten it")
    if kind == "string_pattern_mismatch":
        accepted = _PATTERNS.get(context["pattern"], str(context["pattern"]))
        return Wording("wrong_name", f"{key} is not written as a name", accepted, "rename it")
    return Wording("empty_value", f"{key} is empty", "at least one item", "state a value")


def shown_value(value: object) -> str:
    """Write a value of the scenario shortly, as its file writes it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping of " + ", ".join(str(k) for k in list(value)[:5])
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return str(value)
