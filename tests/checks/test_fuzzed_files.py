"""Whatever the files hold, the answer is an instance or findings: never another exception."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perequa.checks import InvalidInput, load
from perequa_models.errors import NotInThisVersion

FILES = {
    "scenario.yaml": """\
format: 1
name: small
years: [2004, 2005]
territories: {file: territories.csv, levels: [region, department]}
decide_at: region
measures:
  ssiad: {cost: 10500, opening_months: 4}
supply: {file: supply.csv, absent: closed}
indicators:
  rate: {measures: [ssiad], population: pop, per: 1000}
rules:
  contingent: {kind: contingent, year: 2004, equals: 50}
  cap: {kind: cap, by: [region, year], at_most: {column: cap, times: 2}}
  held: {kind: reserve, of: contingent, share: 0.1}
objectives:
  gap: {kind: shortfall, indicator: rate, level: region, priority: 1}
  worst: {kind: worst, indicator: rate, level: region, priority: 1, weight: 0.5}
reference:
  of: contingent
  year: 2004
  parts:
    - {name: one, share: 0.6, basis: missing_places, indicator: rate}
    - {name: two, share: 0.4, basis: {column: pop}}
""",
    "territories.csv": "level,code,name,parent,pop,cap\nregion,1,A,,30,9\nregion,2,B,,10,9\n"
    "department,1,C,1,30,9\n",
    "supply.csv": "level,territory,measure,installed\nregion,1,ssiad,100\nregion,2,ssiad,5\n",
}
WORDS = [
    "null", "[]", "{}", "-1", "0", "1e400", '""', "[1, [2]]", "{a: 1}", "{column: nope}",
    "{column: cap}", "{file: supply.csv}", "true", "2004", "[2004]", "region", "national", "nc",
    "1e300", "1e-320", "region:1", "[region]", "cap", "&a 1", "*a", "!t 1", "\ud83d\ude00",
]  # fmt: skip


def answer(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        try:
            found, status = load(folder).findings, 0
        except InvalidInput as invalid:
            found, status = invalid.findings, invalid.exit_status
        except NotInThisVersion:
            return
        assert status == (3 if any(f.severity == "error" for f in found) else 0)
        assert all(f.code and f.message and str(f).count("\n") == 0 for f in found)


VALID = {name: text.encode() for name, text in FILES.items()}
_settings = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_settings
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=300))
def test_arbitrary_bytes(name: str, content: bytes) -> None:
    answer({**VALID, name: content})


@_settings
@given(
    st.sampled_from(sorted(FILES)),
    st.integers(0, 2000),
    st.integers(0, 30),
    st.one_of(st.sampled_from(WORDS), st.text(max_size=8)),
)
def test_a_piece_replaced(name: str, start: int, length: int, piece: str) -> None:
    text = FILES[name]
    at = start % (len(text) + 1)
    spoiled = text[:at] + piece + text[at + length :]
    answer({**VALID, name: spoiled.encode(errors="replace")})


@_settings
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_value_replaced(name: str, data: st.DataObject) -> None:
    lines = FILES[name].splitlines()
    row = data.draw(st.integers(0, len(lines) - 1))
    mark = ": " if name.endswith("yaml") else ","
    parts = lines[row].split(mark)
    part = data.draw(st.integers(0, len(parts) - 1))
    parts[part] = data.draw(st.sampled_from(WORDS))
    lines[row] = mark.join(parts)
    answer({**VALID, name: "\n".join(lines).encode(errors="replace")})


def test_the_scenario_fuzzed_is_valid() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in VALID.items():
            (Path(folder) / name).write_bytes(content)
        assert load(folder).instance.shape == (2, 1, 2)
