"""YAML is read with JSON-like scalars, every value with its place; the rest is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perequa.io.findings import InvalidInput
from perequa.io.limits import NESTING
from perequa.io.yaml_nodes import Document, read_yaml
from perequa.io.yaml_text import write_yaml


def read(text: str) -> Document:
    return read_yaml(text, "scenario.yaml", "shown.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("01", "01"), ("2A", "2A"), ("010", "010"), ("NO", "NO"), ("yes", "yes"), ("on", "on"),
        ("12:30", "12:30"), ("2004-08-30", "2004-08-30"), ("nan", "nan"), (".inf", ".inf"),
        ("~", "~"), ("True", "True"), ("0x10", "0x10"), ("1_000", "1_000"), ("+1", "+1"),
        (".5", ".5"), ("1.5e8", 1.5e8), ("1e3", 1000.0), ("-3", -3), ("0", 0), ("2004", 2004),
        ("true", True), ("false", False), ("null", None), ("", None), ('"2004"', "2004"),
        ("'true'", "true"), ('""', ""),
    ],
)  # fmt: skip
def test_scalars_are_those_of_json(text: str, value: object) -> None:
    found = read(f"key: {text}\n").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_every_value_has_its_place() -> None:
    document = read("rules:\n  floor:\n    at_least: 3\n    years: [2004, 2005]\n")
    places = {path: (o.line, o.column) for path, o in document.origins.items()}
    assert places == {
        (): (1, 1),
        ("rules",): (1, 1),
        ("rules", "floor"): (2, 3),
        ("rules", "floor", "at_least"): (3, 15),
        ("rules", "floor", "years"): (4, 5),
        ("rules", "floor", "years", 0): (4, 13),
        ("rules", "floor", "years", 1): (4, 19),
    }
    assert document.keys["rules", "floor", "at_least"].column == 5


def test_whole_number_keys_are_years() -> None:
    assert read("rate: {2004: 0.01, 01: x, true: y, 1.5: z}").data == {
        "rate": {2004: 0.01, "01": "x", "true": "y", "1.5": "z"}
    }


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "duplicate_key", 3, 1),
        ("a: {b: 1, b: {c: 2}}\n", "duplicate_key", 1, 11),
        ("a: &x 1\n", "yaml_anchor", 1, 4),
        ("a: &x [1]\n", "yaml_anchor", 1, 4),
        ("a: *x\n", "yaml_alias", 1, 4),
        ("<<: {a: 1}\n", "yaml_merge_key", 1, 1),
        ("a: !!int 3\n", "yaml_tag", 1, 4),
        ("a: !x {b: 1}\n", "yaml_tag", 1, 4),
        ("a: !!python/object:os.system 3\n", "yaml_tag", 1, 4),
        ("a: 1\n---\nb: 2\n", "several_documents", 2, 1),
        ("a: 1\n  b: 2\n", "yaml_syntax", 2, 4),
        ("a: [1\n", "yaml_syntax", 2, 1),
        ("a: 'x\n", "yaml_syntax", 2, 1),
        ("\ta: 1\n", "yaml_syntax", 1, 1),
        ("a: \x07\n", "yaml_syntax", 1, 4),
        ('a: "\\x00"\n', "bad_character", 1, 4),
        ('a: "\\ud800"\n', "bad_character", 1, 4),
        ('a: "\\UFFFFFFFF"\n', "yaml_syntax", 1, 1),
        ("? [a]\n: 1\n", "key_not_text", 1, 3),
        ("{a: 1}: 2\n", "key_not_text", 1, 1),
        ("a: 1e999\n", "number_too_large", 1, 4),
        (f"a: {'9' * 5000}\n", "number_too_large", 1, 4),
    ],
)
def test_what_is_refused_is_placed(text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(text)
    found = refused.value.findings[0]
    assert (found.code, found.file) == (code, "shown.yaml")
    assert (found.line, found.column) == (line, column)
    assert refused.value.exit_status == 3


def test_all_that_is_refused_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        read("a: &x 1\nb: *x\nc: !t 2\na: 3\n")
    assert [f.code for f in refused.value.findings] == [
        "yaml_anchor", "yaml_alias", "yaml_tag", "duplicate_key",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 100_000,
        "a: " + "[" * (NESTING + 1) + "]" * (NESTING + 1),
        "? " * 10_000,
        "\n".join(" " * i + f"k{i}:" for i in range(500)),
    ],
    ids=["flow list", "flow mapping", "block list", "one too deep", "keys", "block mapping"],
)
def test_deep_nesting_is_a_finding_not_a_crash(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(text)
    assert refused.value.findings[0].code in {"nested_too_deep", "key_not_text", "yaml_syntax"}


def test_nesting_up_to_the_limit_is_read() -> None:
    text = "a: " + "[" * (NESTING - 1) + "]" * (NESTING - 1)
    assert read(text).data["a"] is not None


@given(st.text())
@example("a: \ud800")
@example("%YAML " + "9" * 5000 + ".1\n---\na")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = read(text)
    except InvalidInput:
        return
    assert () in document.origins or document.data is None


_texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff")
)
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    _texts,
    st.sampled_from(["01", "2A", "NO", "1.5e8", "true", "null", "", "12:30", "-", "a: b", "# x"]),
)
_keys = st.one_of(st.integers(0, 3000), _texts.filter(lambda t: t != "<<"))
_data = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(_keys, _data, max_size=4))
@example({"rate": {2004: 1e16, "2004": -0.0}, "code": "01", "big": "1e5", "date": "2004-08-30"})
def test_what_is_written_is_read_back(data: dict[str | int, object]) -> None:
    found = read(write_yaml(data)).data
    assert found == data
    assert repr(found) == repr(data)
    assert all(math.isfinite(v) for v in found.values() if isinstance(v, float))
