"""Exit statuses, streams and documents of the command line."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from perequa import __version__
from perequa.cli import main
from perequa.cli.group import COMMANDS
from perequa.io.scenario_files import read_scenario
from perequa.io.shipped import shipped_names
from perequa_models.errors import Infeasible, NotProven, RunFolderWrong

NAME = "ssiad-2004"
FINDING_KEYS = [
    "code", "severity", "file", "sheet", "line", "column", "key", "received", "accepted",
    "nearest", "remedy", "message",
]  # fmt: skip


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "perequa", *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A scenario of one's own."""
    assert main(["new", str(tmp_path / "mine"), "--from", NAME]) == 0
    return tmp_path / "mine"


def test_help_is_quick_and_imports_no_command() -> None:
    program = (
        "import sys, time; from perequa.cli import main; code = main(['--help']); "
        "heavy = {'numpy', 'pydantic', 'yaml', 'pyomo', 'highspy', 'pandas', 'rich', 'scipy'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); "
        "print(time.process_time(), file=sys.stderr); sys.exit(code)"
    )
    times = []  # of the processor, which a busy machine leaves as they are
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        times.append(float(done.stderr))
    assert all(name in done.stdout for name in COMMANDS)
    assert min(times) < 0.3


@pytest.mark.parametrize("name", list(COMMANDS))
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_of_every_command(name: str, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, flag]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--quiet", "--debug", "--lang", "--version"))


@pytest.mark.parametrize("arguments", [["--version"], ["list", "--version"]])
def test_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"perequa {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["validate"], ["list", "--nope"], ["list", "--format", "xml"], ["--lang", "de"],
     ["new"]],
)  # fmt: skip
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Usage:" in told.err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(shipped_names())
    assert main(["list", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in document["scenarios"]] == list(shipped_names())
    assert all(row["title"] for row in document["scenarios"])
    assert (document["schema_version"], document["command"]) == (1, "list")


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_scenario_is_valid(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", name, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exit_code"]) == ("valid", 0)
    assert document["scenarios"][0]["scenario"] == name


def test_an_invalid_scenario_is_3(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (copied / "scenario.yaml").read_text(encoding="utf-8")
    (copied / "scenario.yaml").write_text(text.replace("years:", "yeras:"), encoding="utf-8")
    assert main(["validate", str(copied)]) == 3
    told = capsys.readouterr()
    assert told.out == f"{copied}: invalid (errors 2, warnings 0)\n"
    line = next(line for line in told.err.splitlines() if "yeras" in line)
    number = text[: text.index("years:")].count("\n") + 1
    assert line.startswith(f"{copied / 'scenario.yaml'}:{number}:1: error: unknown key 'yeras'")
    assert "did you mean years?" in line
    assert "→" in line
    assert "Traceback" not in told.err


def test_the_document_of_an_invalid_scenario(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "supply.csv").unlink()
    assert main(["validate", str(copied), "--format", "json"]) == 3
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert told.err == ""
    assert (document["status"], document["exit_code"]) == ("invalid", 3)
    (found,) = document["findings"]
    assert list(found) == FINDING_KEYS
    assert (found["code"], found["key"], found["sheet"]) == ("missing_file", "supply.file", None)
    assert isinstance(found["line"], int)


def test_several_scenarios_are_all_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", NAME, "nowhere", NAME]) == 3
    told = capsys.readouterr().out.splitlines()
    assert [line.split("(")[0] for line in told] == [
        f"{NAME}: valid ", "nowhere: invalid ", f"{NAME}: valid ",
    ]  # fmt: skip


def test_a_word_of_a_later_version_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["validate", "camsp-1998", "--set", "mode=cascade"]
    assert main(arguments) == 2
    assert "mode: cascade beside projects: not in this version" in capsys.readouterr().err
    assert main([*arguments, "--format", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exit_code"]) == ("error", 2)


def test_a_change_without_equals_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", NAME, "--set", "years"]) == 2
    assert "PATH=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["before", "after"])
def test_options_stand_before_or_after_the_command(
    where: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (copied / "scenario.yaml").read_text(encoding="utf-8")
    assert "target: national_initial" in text or "kind: shortfall" in text
    options, command = ["--lang", "fr", "--quiet"], ["validate", str(copied)]
    assert main([*options, *command] if where == "before" else [*command, *options]) == 0
    assert "valide" in capsys.readouterr().out


def test_quiet_hides_warnings_not_errors(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (copied / "scenario.yaml").read_text(encoding="utf-8")
    objective = lines[lines.index("objectives:") :].splitlines()[1].split(":")[0].strip()
    change = ["--set", f"objectives.{objective}.weighting=territory"]
    assert main(["validate", str(copied), *change]) == 0
    assert "warning:" in capsys.readouterr().err
    assert main(["validate", "--quiet", str(copied), *change]) == 0
    assert capsys.readouterr().err == ""
    assert main(["validate", "--quiet", "nowhere"]) == 3
    assert "error:" in capsys.readouterr().err


def test_a_flood_of_findings_is_cut_short(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (copied / "supply.csv").open("a", encoding="utf-8") as table:
        width = (copied / "supply.csv").read_text(encoding="utf-8").split("\n", 1)[0].count(",")
        table.writelines(f"nowhere{i}{',' * width}\n" for i in range(300))
    assert main(["validate", str(copied)]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 201
    assert lines[-1].endswith("more (--format json lists all)")
    assert main(["validate", str(copied), "--format", "json"]) == 3
    assert len(json.loads(capsys.readouterr().out)["findings"]) >= 300


def test_a_redirected_console_in_cp1252_prints_all() -> None:
    done = run("validate", "nowhere", PYTHONIOENCODING="cp1252")
    assert done.returncode == 3
    assert "→" in done.stderr
    assert "UnicodeEncodeError" not in done.stderr


def test_a_closed_pipe_is_quiet() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "perequa", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("form", [[], ["--format", "json"]])
def test_a_full_stdout_is_told(form: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "perequa", "list", *form],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == f"error: the output cannot be written: {os.strerror(errno.ENOSPC)}\n"


@pytest.mark.skipif(os.name == "nt", reason="closing a stream is the shell's")
@pytest.mark.parametrize(
    ("asked", "streams", "status"),
    [("list", ">&-", 0), ("validate nowhere", "2>&-", 3), ("validate nowhere", ">&- 2>&-", 3)],
)
def test_a_stream_closed_before_is_left_alone(asked: str, streams: str, status: int) -> None:
    command = f"exec {shlex.quote(sys.executable)} -m perequa {asked} {streams}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == status, done.stderr
    assert b"internal error" not in done.stderr


@pytest.mark.parametrize(
    ("raised", "status", "word"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (Infeasible("no plan"), 4, "error: no plan"),
        (NotProven("limit reached"), 5, "error: limit reached"),
        (RunFolderWrong("changed"), 6, "error: changed"),
        (ZeroDivisionError("by zero"), 1, "please report it"),
        (FileNotFoundError(2, "No such file", "x.csv"), 2, "x.csv"),
        (OSError(errno.ENOSPC, "No space"), 2, "error: the output cannot be written: No space"),
        (OSError(errno.EINVAL, "Invalid"), 1, "please report it"),
        (SystemExit(6), 6, ""),
        (SystemExit(None), 0, ""),
    ],
)
def test_every_error_has_its_status(
    raised: BaseException,
    status: int,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr("perequa.cli.list_shipped.list_shipped.callback", lambda **_: fail())
    assert main(["list"]) == status
    told = capsys.readouterr().err
    assert word in told
    assert "Traceback" not in told
    assert len(told.splitlines()) <= 1


def test_debug_prints_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        message = "by zero"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("perequa.cli.list_shipped.list_shipped.callback", fail)
    for arguments in (["--debug", "list"], ["list", "--debug"]):
        assert main(arguments) == 1
        assert "Traceback" in capsys.readouterr().err


def test_an_internal_error_keeps_its_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        message = "by zero"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("perequa.cli.list_shipped.list_shipped.callback", fail)
    assert main(["list", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exit_code"]) == ("error", 1)


def test_new_refuses_what_exists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "there").mkdir()
    assert main(["new", str(tmp_path / "there")]) == 2
    assert "exists" in capsys.readouterr().err
    assert list((tmp_path / "there").iterdir()) == []


def test_new_from_nothing_known_writes_nothing(tmp_path: Path) -> None:
    assert main(["new", str(tmp_path / "mine"), "--from", "nope"]) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", shipped_names())
def test_a_copy_stands_alone(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path / "mine"), "--from", name]) == 0
    assert main(["validate", str(tmp_path / "mine")]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]
    capsys.readouterr()


def test_a_copy_of_what_extends_is_merged(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "extending"
    folder.mkdir()
    (folder / "scenario.yaml").write_text("extends: ../mine\nname: mine-two\n", encoding="utf-8")
    assert main(["new", str(tmp_path / "alone"), "--from", str(folder)]) == 0
    for place in sorted(copied.iterdir()):
        place.unlink()
    (folder / "scenario.yaml").unlink()
    capsys.readouterr()
    assert main(["validate", str(tmp_path / "alone"), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["scenarios"][0]["scenario"] == "alone"
    assert "extends" not in (tmp_path / "alone/scenario.yaml").read_text(encoding="utf-8")


def test_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"extends", "rules", "objectives", "in"} - set(schema["properties"]) == {"in"}
    assert "is summed" in schema["$defs"]["Floor"]["properties"]["in"]["description"]
    assert schema["additionalProperties"] is False
    assert schema["anyOf"][0] == {"required": ["extends"]}
    assert "name" in schema["anyOf"][1]["required"]


def test_ranges_of_the_printed_rows_or_of_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exact = {}
    for asked in ("printed", "all"):
        folder = str(tmp_path / asked)
        assert main(["solve", NAME, "--ranges", asked, "-o", folder, "--format", "json"]) == 0
        runs = json.loads(capsys.readouterr().out)["runs"]
        binding = [row["range"] for row in runs[0]["binding_rules"] if row["priority"] == 1]
        lines = (tmp_path / asked / "shadow_prices.csv").read_text(encoding="utf-8").splitlines()
        exact[asked] = (sum(",exact," in line for line in lines), len(lines) - 1)
        assert set(binding) == {"exact"}
    assert exact["all"] == (exact["all"][1], exact["all"][1])
    assert exact["printed"][0] < exact["all"][0]
    folder = tmp_path / "none"
    assert main(["solve", NAME, "--ranges", "none", "-o", str(folder), "--quiet"]) == 0
    capsys.readouterr()
    lines = (folder / "shadow_prices.csv").read_text(encoding="utf-8").splitlines()
    # what is proven without more work (a move that is impossible, or for ever) stays exact
    assert sum(",exact," in line for line in lines) < exact["printed"][0]
    assert main(["verify", str(folder)]) == 0


def test_ranges_without_prices_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", NAME, "--ranges", "all", "--no-prices"]) == 2
    assert "--ranges all" in capsys.readouterr().err
    assert main(["solve", NAME, "--ranges", "some"]) == 2


def test_a_command_mistyped_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slove"]) == 2
    assert "no command 'slove' (did you mean solve?): list, new" in capsys.readouterr().err


def test_help_asked_before_the_name_is_that_of_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = []
    for arguments in (["-h", "solve"], ["--help", "solve"], ["solve", "-h"]):
        assert main(arguments) == 0
        shown.append(capsys.readouterr().out)
    assert "--no-prices" in shown[0]
    assert len(set(shown)) == 1


def test_two_of_the_same_name_are_refused_before_either_is_solved(
    copied: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    scenario = copied / "scenario.yaml"
    text = scenario.read_text()
    assert "\nname: mine\n" in text
    scenario.write_text(text.replace("\nname: mine\n", f"\nname: {NAME}\n"))
    assert main(["solve", NAME, str(copied), "--format", "json"]) == 2
    told = capsys.readouterr()
    assert "two scenarios would be written to" in told.err
    assert json.loads(told.out)["runs"] == []
    assert not (tmp_path / "results").exists()


def from_csv(text: str) -> object:
    """What the cell of a table is in a JSON document."""
    if text in {"", "inf", "-inf"}:
        return text or None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@pytest.mark.parametrize(
    ("variants", "status", "tables"),
    [
        ([], 0, ["allocation", "equity", "objectives", "shadow_prices"]),
        (["--variant", "infeasible_caps"], 4, ["conflicts", "menus", "repairs"]),
    ],
)
def test_the_document_holds_the_rows_of_the_tables(
    variants: list[str],
    status: int,
    tables: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A cell that is empty in the CSV is null, text or figure alike; codes stay text."""
    place = tmp_path / "run"
    asked = ["ehpad-2004-rule", *variants, "-o", str(place), "--format", "json"]
    assert main(["solve", *asked]) == status
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    missing = 0
    for name in tables:
        rows: list[dict[str, Any]] = run["binding_rules" if name == "shadow_prices" else name]
        with (place / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            held = list(csv.DictReader(file))
        if name == "shadow_prices":
            told = {row["row"] for row in rows}
            held = [row for row in held if row["row"] in told]
        assert len(rows) == len(held) > 0
        for row, wanted in zip(rows, held, strict=True):
            assert list(row) == list(wanted)
            for key, value in row.items():
                if key == "territory":
                    assert value == (wanted[key] or None)
                else:
                    assert value == from_csv(wanted[key]), (name, key)
                missing += value is None
    assert missing


@pytest.mark.parametrize("content", [b"\xff\xfe\0", b"scenario,level\nx\n"])
def test_a_table_listed_that_no_run_wrote_is_a_wrong_folder(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A manifest made anew lets it through to those who read it: no fault of the program."""
    run, sound = tmp_path / "run", tmp_path / "sound"
    for place in (run, sound):
        assert main(["solve", NAME, "-o", str(place), "--no-prices"]) == 0
    (run / "allocation.csv").write_bytes(content)
    listed = json.loads((run / "manifest.json").read_bytes())
    listed["files"]["allocation.csv"] = hashlib.sha256(content).hexdigest()
    (run / "manifest.json").write_text(json.dumps(listed), encoding="utf-8")
    capsys.readouterr()
    out = ["-o", str(tmp_path / "out")]
    for asked in (["report", str(run)], ["annexes", str(run)], ["compare", str(sound), str(run)]):
        assert main([*asked, *out]) == 6
        assert "cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_is_also_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    assert "Start: perequa new mine" in capsys.readouterr().out
    assert main(["help", "solve"]) == 0
    assert capsys.readouterr().out.startswith("Usage: perequa solve")


@pytest.mark.parametrize(
    ("folder", "stated", "read"),
    [
        ("mine", "name: mine", "mine"),
        ("Plan 2027", "name: plan-2027", "plan-2027"),
        # read as a number, a truth value, and what no scenario may be called
        ("2027", 'name: "2027"', "2027"),
        ("true", 'name: "true"', "true"),
        ("éé", f"name: {NAME}", NAME),
    ],
)
def test_a_copy_is_named_as_its_folder(folder: str, stated: str, read: str, tmp_path: Path) -> None:
    made = tmp_path / folder
    assert main(["new", str(made), "--from", NAME]) == 0
    text = (made / "scenario.yaml").read_text(encoding="utf-8")
    shipped = Path(__file__).parents[2] / "scenarios" / NAME / "scenario.yaml"
    assert stated in text.splitlines()
    # nothing else of the file, comments included, is another
    assert text.replace(stated, f"name: {NAME}") == shipped.read_text(encoding="utf-8")
    raw = read_scenario(str(made))
    assert (raw.name, raw.findings) == (read, ())
