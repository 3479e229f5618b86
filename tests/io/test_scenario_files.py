"""Scenario files merged, with the origin of every value and every file read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from perequa.io.findings import InvalidInput
from perequa.io.limits import LINE_BYTES, SCENARIO_BYTES
from perequa.io.scenario_files import read_scenario
from perequa.io.shipped import shipped_names
from perequa_models.errors import UsageError


def put(folder: Path, name: str, text: str | bytes) -> Path:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return place


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """A scenario in `mine` that extends one in `base`, each with its tables."""
    put(
        tmp_path,
        "base/scenario.yaml",
        "format: 1\nname: base\nyears: [2004]\nsupply: {file: data/supply.csv}\n"
        "territories: {file: territories.csv}\n"
        "rules:\n  floor: {kind: floor, at_least: 3, active: true}\n  cap: {kind: cap}\n"
        "variants:\n  low: {rules.floor.at_least: 1}\n",
    )
    put(tmp_path, "base/data/supply.csv", "a\n1\n")
    put(tmp_path, "base/territories.csv", "a\n1\n")
    put(
        tmp_path,
        "mine/scenario.yaml",
        "extends: ../base/scenario.yaml\nname: mine\nyears: [2004, 2005]\n"
        "territories: {file: territories.csv}\n"
        "rules:\n  floor: {at_least: 4}\n  cap: null\n",
    )
    put(tmp_path, "mine/territories.csv", "b\n1\n")
    return tmp_path / "mine"


def test_extends_merges_key_by_key_and_null_removes(chain: Path) -> None:
    raw = read_scenario(str(chain))
    assert raw.data["rules"] == {"floor": {"kind": "floor", "at_least": 4, "active": True}}
    assert raw.data["years"] == [2004, 2005]
    assert "extends" not in raw.data
    assert (raw.name, raw.column_name) == ("mine", "mine")


def test_each_table_is_found_from_the_file_that_names_it(chain: Path) -> None:
    raw = read_scenario(str(chain))
    assert raw.data["supply"]["file"] == "../base/data/supply.csv"
    assert raw.data["territories"]["file"] == "territories.csv"
    assert raw.files["territories.csv"].content == b"b\n1\n"
    assert sorted(raw.files) == [
        "../base/data/supply.csv", "../base/scenario.yaml", "scenario.yaml", "territories.csv",
    ]  # fmt: skip
    assert raw.findings == ()


def test_origins_follow_values_and_overwritten_ones_are_kept(chain: Path) -> None:
    raw = read_scenario(str(chain), ("low",), ("rules.floor.at_least=7",))
    places = {
        path: (o.file, o.line, o.column, o.override)
        for path, o in raw.origins.items()
        if path[:1] == ("rules",)
    }
    change = "--set rules.floor.at_least=7"
    assert places["rules", "floor", "at_least"] == ("", 1, 1, change)
    assert places["rules", "floor", "kind"] == ("../base/scenario.yaml", 7, 17, "")
    assert ("rules", "cap") not in places
    kept = [(o.path[-1], o.value, o.origin.file, o.origin.override) for o in raw.overwritten]
    assert kept[-2:] == [
        ("at_least", 4, "scenario.yaml", ""),
        ("at_least", 1, "../base/scenario.yaml", "variant low"),
    ]
    assert ("at_least", 3, "../base/scenario.yaml", "") in kept
    assert ("cap", {"kind": "cap"}, "../base/scenario.yaml", "") in kept
    assert raw.column_name == "mine-low"


def test_every_value_has_an_origin(chain: Path) -> None:
    raw = read_scenario(str(chain), ("low",), ("rules.new={kind: cap, at_most: [1, {a: 2}]}",))

    def walk(value: object, path: tuple[str | int, ...]) -> None:
        assert path in raw.origins
        items = (
            value.items() if isinstance(value, dict)
            else enumerate(value) if isinstance(value, list) else ()
        )  # fmt: skip
        for key, inner in items:
            walk(inner, (*path, key))

    walk(raw.data, ())


def test_a_list_item_is_addressed_by_its_number(chain: Path) -> None:
    raw = read_scenario(str(chain), (), ("years.1=2006", "title=01"))
    assert raw.data["years"] == [2004, 2006]
    assert raw.data["title"] == "01"


def test_a_section_left_out_can_be_written_into(chain: Path) -> None:
    raw = read_scenario(str(chain), (), ("tie_break.toward=equal",))
    assert raw.data["tie_break"] == {"toward": "equal"}
    assert raw.findings == ()


def test_a_file_given_by_set_is_found_from_the_scenario_run(chain: Path) -> None:
    raw = read_scenario(str(chain), (), ("supply.file=territories.csv",))
    assert raw.data["supply"]["file"] == "territories.csv"
    assert raw.findings == ()


def test_reading_from_another_folder_gives_the_same_keys(
    chain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_scenario(str(chain))
    monkeypatch.chdir(chain.parent)
    after = read_scenario("mine/scenario.yaml")
    assert sorted(before.files) == sorted(after.files)
    assert before.origins == after.origins
    assert after.shown("../base/scenario.yaml") == os.path.normpath("base/scenario.yaml")


@pytest.mark.parametrize("target", ["scenario.yaml", ".", "../mine"])
def test_cyclic_extends_is_a_finding(tmp_path: Path, target: str) -> None:
    put(tmp_path, "mine/scenario.yaml", f"format: 1\nextends: {target}\n")
    with pytest.raises(InvalidInput) as refused:
        read_scenario(str(tmp_path / "mine"))
    (found,) = refused.value.findings
    assert (found.code, found.line, found.column) == ("cyclic_extends", 2, 10)


def test_a_longer_cycle_is_a_finding(tmp_path: Path) -> None:
    for name, target in (("a", "b"), ("b", "c"), ("c", "a")):
        put(tmp_path, f"{name}/scenario.yaml", f"extends: ../{target}\n")
    with pytest.raises(InvalidInput) as refused:
        read_scenario(str(tmp_path / "a"))
    (found,) = refused.value.findings
    assert found.code == "cyclic_extends"
    assert found.file == os.path.normpath(tmp_path / "c/scenario.yaml")


@pytest.mark.parametrize(("text", "code"), [("extends: nowhere.yaml\n", "missing_file"),
                                            ("extends: 3\n", "not_a_path"),
                                            ('extends: "a\\tb"\n', "not_a_path")])  # fmt: skip
def test_a_wrong_extends_is_a_finding(tmp_path: Path, text: str, code: str) -> None:
    put(tmp_path, "scenario.yaml", text)
    with pytest.raises(InvalidInput) as refused:
        read_scenario(str(tmp_path))
    assert [(f.code, f.line, f.column) for f in refused.value.findings] == [(code, 1, 10)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b" \n\n", "empty_file"),
        (b"# only a comment\n", "empty_file"),
        (b"- 1\n", "not_a_mapping"),
        (b"text\n", "not_a_mapping"),
        (b"name: \xe9t\xe9\n", "not_utf8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_utf8"),
        (b"name: a\x00b\n", "binary_file"),
        (b"a: 1\n" * (SCENARIO_BYTES // 5 + 1), "file_too_large"),
    ],
)
def test_what_is_not_a_scenario_is_a_finding(tmp_path: Path, content: bytes, code: str) -> None:
    place = put(tmp_path, "scenario.yaml", content)
    with pytest.raises(InvalidInput) as refused:
        read_scenario(str(place))
    assert [(f.code, f.file) for f in refused.value.findings] == [(code, str(place))]


def test_not_utf8_is_placed(tmp_path: Path) -> None:
    place = put(tmp_path, "scenario.yaml", b"format: 1\nname: \xe9\n")
    with pytest.raises(InvalidInput) as refused:
        read_scenario(str(place))
    (found,) = refused.value.findings
    assert (found.line, found.column, found.received) == (2, 7, "byte 0xe9")


def test_a_folder_without_scenario_and_an_unknown_name(tmp_path: Path) -> None:
    for source, code in ((str(tmp_path), "no_scenario_file"), ("no-such", "unknown_scenario")):
        with pytest.raises(InvalidInput) as refused:
            read_scenario(source)
        assert [f.code for f in refused.value.findings] == [code]


def test_a_name_longer_than_any_file_names_none(tmp_path: Path) -> None:
    """What the system refuses to look at is a finding like any other, at its place."""
    long = "a" * 300
    with pytest.raises(InvalidInput) as refused:
        read_scenario(long)
    assert [f.code for f in refused.value.findings] == ["unknown_scenario"]
    put(tmp_path, "scenario.yaml", f"format: 1\nextends: {long}.yaml\n")
    with pytest.raises(InvalidInput) as refused:
        read_scenario(str(tmp_path))
    assert [(f.code, f.line) for f in refused.value.findings] == [("missing_file", 2)]
    put(tmp_path, "scenario.yaml", f"format: 1\nsupply: {{file: {long}.csv}}\n")
    assert [(f.code, f.line) for f in read_scenario(str(tmp_path)).findings] == [
        ("missing_file", 2)
    ]


def test_a_folder_that_may_not_be_looked_into_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    put(tmp_path, "scenario.yaml", "format: 1\n")
    stat = Path.stat
    monkeypatch.setattr(
        Path, "stat", lambda p, **how: (refuse if p.parent == tmp_path else stat)(p, **how)
    )
    with pytest.raises(InvalidInput) as refused:
        read_scenario(str(tmp_path))
    assert [f.code for f in refused.value.findings] == ["unreadable_file"]


def test_a_shipped_name_is_found_and_a_near_one_is_proposed() -> None:
    name = shipped_names()[0]
    assert read_scenario(name).name == name
    with pytest.raises(InvalidInput) as refused:
        read_scenario(name + "x")
    assert refused.value.findings[0].nearest == name


@pytest.mark.parametrize("path", ["/etc/hosts", "../x.csv", "a/../../x.csv", "a\\\\b.csv", ""])
def test_a_table_outside_the_folder_is_never_read(tmp_path: Path, path: str) -> None:
    put(tmp_path, "x.csv", "a\n")
    put(tmp_path, "mine/scenario.yaml", f'supply: {{file: "{path}"}}\n')
    raw = read_scenario(str(tmp_path / "mine"))
    assert [f.code for f in raw.findings] in (["outside_folder"], ["not_a_path"])
    assert (raw.findings[0].line, raw.findings[0].column) == (1, 16)
    assert list(raw.files) == ["scenario.yaml"]


def test_a_path_that_climbs_is_refused_even_when_it_comes_back(tmp_path: Path) -> None:
    put(tmp_path, "a/x.csv", "a\n")
    put(tmp_path, "s.csv", "a\n")
    put(tmp_path, "scenario.yaml", "supply: {file: a/../s.csv}\n")
    assert [f.code for f in read_scenario(str(tmp_path)).findings] == ["outside_folder"]


def test_a_file_given_by_a_variant_is_found_from_the_scenario_run(tmp_path: Path) -> None:
    put(
        tmp_path,
        "base/scenario.yaml",
        "supply: {file: s.csv}\nvariants:\n  other: {supply.file: t.csv}\n",
    )
    put(tmp_path, "base/s.csv", "a\n1\n")
    put(tmp_path, "base/t.csv", "base\n1\n")
    put(tmp_path, "mine/scenario.yaml", "extends: ../base\n")
    put(tmp_path, "mine/t.csv", "mine\n1\n")
    raw = read_scenario(str(tmp_path / "mine"), ("other",))
    assert raw.files[raw.data["supply"]["file"]].content == b"mine\n1\n"


def test_a_link_out_of_the_folder_is_never_followed(tmp_path: Path) -> None:
    put(tmp_path, "secret.csv", "a\n")
    text = "supply: {file: link.csv}\ncolumns: [{file: d/secret.csv}]\n"
    put(tmp_path, "mine/scenario.yaml", text)
    (tmp_path / "mine/link.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "mine/d").symlink_to(tmp_path)
    raw = read_scenario(str(tmp_path / "mine"))
    assert [f.code for f in raw.findings] == ["outside_folder", "outside_folder"]


def test_a_table_of_what_is_extended_may_not_climb_either(tmp_path: Path) -> None:
    put(tmp_path, "mine/scenario.yaml", "extends: ../base\n")
    put(tmp_path, "base/scenario.yaml", "supply: {file: ../mine/scenario.yaml}\n")
    raw = read_scenario(str(tmp_path / "mine"))
    assert [(f.code, f.file) for f in raw.findings] == [
        ("outside_folder", os.path.normpath(tmp_path / "base/scenario.yaml"))
    ]


def test_a_change_without_equals_is_wrong_usage(chain: Path) -> None:
    with pytest.raises(UsageError, match="PATH=VALUE"):
        read_scenario(str(chain), (), ("years",))


def test_a_long_line_of_a_table_is_refused_before_parsing(tmp_path: Path) -> None:
    from perequa.io.tables import read_table  # noqa: PLC0415

    put(tmp_path, "scenario.yaml", "supply: {file: supply.csv}\n")
    put(tmp_path, "supply.csv", b"a,b\n" + b"x" * (LINE_BYTES + 1) + b",1\n")
    raw = read_scenario(str(tmp_path))
    with pytest.raises(InvalidInput) as refused:
        read_table(raw.files["supply.csv"], "supply.csv", None, "supply")
    assert [(f.code, f.line) for f in refused.value.findings] == [("line_too_long", 2)]
