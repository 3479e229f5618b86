"""The page of every key: the JSON Schema that `perequa schema` prints, made tables.

What a key means is taken from the tables of `docs/scenario.md`, with their links and mathematics;
what they leave to the kinds is told by the sentence of the schema itself.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Schema = dict[str, Any]
"""A node of the schema."""

HEAD = """# Every key of a scenario

This page is written from the JSON Schema that `perequa schema` prints: which keys there are, what
each accepts, and what stands for it where it is left out. An unknown key is an error that names the
nearest. [The scenario format](scenario.md) explains them, with examples.

With `perequa schema > scenario.schema.json`, an editor completes and checks keys as you type; the
first line of `scenario.yaml` then reads `# yaml-language-server: $schema=scenario.schema.json`.
"""
MEANINGS = re.compile(r"^<!-- schema: (\w+) -->\n((?:\|.*\n)+)", re.MULTILINE)
NAME = "^[a-z][a-z0-9_]*$"
KINDS = {"rules": "RuleSpec", "objectives": "ObjectiveSpec"}
"""Sections of kinds, and the table that says what their common keys mean."""
ALSO = {"objectives": "GapSpec"}
"""The table of keys that several kinds add."""
PLURAL = {"name": "names", "number": "numbers", "whole number": "whole numbers"}
COUNTED = {1: "one", 2: "two", 3: "three"}


def format_page(docs: Path, schema: Schema) -> str:
    """Write every mapping of the format as a table.

    Parameters
    ----------
    docs
        Folder of the pages.
    schema
        As `perequa.checks.json_schema.json_schema` returns it.
    """
    told = meanings((docs / "scenario.md").read_text(encoding="utf-8"))
    known = schema["$defs"]
    # a file that extends another may state part of the keys: the last alternative asks for all
    file = {**schema, "required": schema["anyOf"][-1]["required"]}
    lines = [HEAD, "## The file", "", *_table(file, file["properties"], told["Scenario"]), ""]
    kinds = {section: _kinds(schema, section) for section in KINDS}
    of_kinds = {name for names in kinds.values() for name in names}
    lines += ["## Mappings", ""]
    for name in [n for n in reached(schema) if n not in of_kinds]:
        lines += [f"### {name}", "", *_described(known[name])]
        lines += [*_table(known[name], known[name]["properties"], told.get(name, {})), ""]
    for section, names in kinds.items():
        common = _common([known[n] for n in names])
        lines += [f"## {section.capitalize()}", "", f"Every kind of {section[:-1]} accepts:", ""]
        lines += [*_table(known[names[0]], common, told[KINDS[section]]), ""]
        for name in names:
            kind = known[name]["properties"]["kind"]["const"]
            own = {k: v for k, v in known[name]["properties"].items() if k not in common}
            page = f"[what it says, options, an example]({section}/{kind}.md)"
            lines += [f"### {section[:-1]} {kind}", "", f"`kind: {kind}`: {page}.", ""]
            lines += [*_table(known[name], own, told.get(ALSO.get(section, ""), {})), ""]
    return "\n".join(lines)


def meanings(page: str) -> dict[str, dict[str, str]]:
    """Read what `docs/scenario.md` says of each key of each mapping."""
    found: dict[str, dict[str, str]] = {}
    for name, table in MEANINGS.findall(page):
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()[2:]]
        # anchors of that page
        found[name] = {
            row[0].strip(" `"): row[3].strip().replace("](#", "](scenario.md#") for row in rows
        }
    return found


def reached(schema: Schema) -> list[str]:
    """Names of the mappings in the order in which the file leads to them."""
    found: dict[str, None] = {}

    def follow(node: Schema) -> None:
        for name in _references(node):
            if name not in found:
                found[name] = None
                follow(schema["$defs"][name])

    follow({"properties": schema["properties"]})
    return list(found)


def _references(node: Any) -> Iterator[str]:  # noqa: ANN401 - any value of a JSON document
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        for key, value in node.items():
            if key != "discriminator":
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _kinds(schema: Schema, section: str) -> list[str]:
    """Names of the mappings of a section's kinds."""
    return list(dict.fromkeys(_references(schema["properties"][section])))


def _common(nodes: list[Schema]) -> dict[str, Schema]:
    """Keys that all kinds have and require alike; the others stand with each kind."""

    def alike(key: str, accepts: Schema) -> bool:
        return all(
            node["properties"].get(key) == accepts
            and (key in node["required"]) == (key in nodes[0]["required"])
            for node in nodes
        )

    return {k: v for k, v in nodes[0]["properties"].items() if k != "kind" and alike(k, v)}


def _described(node: Schema) -> list[str]:
    told = str(node.get("description", "")).replace("``", "`").partition("\n\n")[0]
    return [" ".join(told.split()), ""] if told else []


def _table(node: Schema, keys: Mapping[str, Schema], told: Mapping[str, str]) -> list[str]:
    rows = [
        (f"`{key}`", words(accepts), _default(key, node, accepts), _meaning(key, accepts, told))
        for key, accepts in keys.items()
        if key != "kind"
    ]
    if not rows:
        return ["No key of its own."]
    lines = [("key", "accepts", "default", "meaning"), ["---"] * 4, *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _meaning(key: str, accepts: Schema, told: Mapping[str, str]) -> str:
    return told.get(key) or accepts["description"].replace("|", r"\|")


def _default(key: str, node: Schema, accepts: Schema) -> str:
    if key in node.get("required", ()):
        return "required"
    value = accepts.get("default")
    if isinstance(value, dict):
        value = {k: v for k, v in value.items() if v is not None}
    if value in (None, [], {}):
        return "none"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def words(node: Schema) -> str:
    """Say what a node accepts; what may be left out says so by its default."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return _either(f"`{value}`" for value in node["enum"])
    if "discriminator" in node:
        return "one of its kinds below"
    for several in ("anyOf", "oneOf"):
        if several in node:
            return _either(words(n) for n in node[several] if n.get("type") != "null")
    return SAID[node["type"]](node) if "type" in node else "anything"


def _either(parts: Iterable[str]) -> str:
    *first, last = dict.fromkeys(parts)
    if any("," in part or " or " in part for part in (*first, last)):
        return "; or ".join([*first, last])
    return f"{', '.join(first)} or {last}" if first else last


def _text(node: Schema) -> str:
    if node.get("pattern") == NAME:
        return "name"
    return f"text like `{node['pattern']}`".replace("|", r"\|") if "pattern" in node else "text"


def _number(node: Schema) -> str:
    whole = "whole number" if node["type"] == "integer" else "number"
    bounds = [
        f"{said} {node[key]:g}"
        for key, said in (
            ("exclusiveMinimum", "above"),
            ("minimum", "at least"),
            ("exclusiveMaximum", "below"),
            ("maximum", "at most"),
        )
        if key in node
    ]
    return ", ".join([whole, *bounds])


def _list(node: Schema) -> str:
    item = words(node.get("items", {}))
    item = PLURAL.get(item, item)
    least, most = node.get("minItems"), node.get("maxItems")
    if least and least == most:
        return f"list of {COUNTED.get(least, least)}: {item}"
    counted = f", {COUNTED.get(least, least)} at least" if least else ""
    return f"list of {item}{counted}"


def _mapping(node: Schema) -> str:
    held = node.get("additionalProperties")
    if not isinstance(held, dict):
        held = next(iter(node.get("patternProperties", {}).values()), {})
    counted = ", one at least" if node.get("minProperties") else ""
    return f"mapping of names to {words(held)}{counted}" if held else "mapping"


SAID = {
    "string": _text,
    "number": _number,
    "integer": _number,
    "boolean": lambda _: "flag",
    "array": _list,
    "object": _mapping,
}
