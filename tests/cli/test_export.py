"""`wa-run export`: exporters by name, with options of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.export.runs import small_run
from tests.support.third_party import install

SOURCE = '''
from pathlib import Path
from webarena_runner.settings.options import PlugInOptions


class Options(PlugInOptions):
    """What may be set."""

    digits: int = 2
    """how many digits a rate has"""
    title: str = ""
    """what stands above"""


class Note:
    """A note of one line.

    More of it."""

    Options = Options

    def __init__(self, setup):
        self.setup = setup

    @classmethod
    def build(cls, setup):
        return cls(setup)

    def export(self, folder):
        given = self.setup.options
        (self.setup.out / "note.txt").write_text(f"{given!r}")
        return f"{given!r} for {self.setup.target}"


class Plain:
    """Takes no options."""

    def __init__(self, setup):
        self.setup = setup

    @classmethod
    def build(cls, setup):
        return cls(setup)

    def export(self, folder):
        return f"options {self.setup.options}"


class Heavy(Plain):
    """Needs what is not here."""

    needs = ("json", "a_heavy_package")
'''
ENTRY_POINTS = """
[webarena_runner.exporters]
note = someones_exporters:Note
plain = someones_exporters:Plain
heavy = someones_exporters:Heavy
broken = someones_exporters:Absent
"""
HEAVY = ("gspread", "google.auth", "pyarrow", "mlflow", "wandb", "trackio", "atif", "zstandard", "matplotlib")


@pytest.fixture
def run(tmp_path: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of one's own, where somebody's exporters are installed."""
    install(tmp_path, "someones_exporters", SOURCE, ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return small_run(workdir / "results")


def test_options_reach_the_exporter_as_its_own_record(run: Path, invoke: Invoke) -> None:
    done = invoke("export", "r1", "--to", "note=there", "-o", "digits=3", "-o", "title=007")
    assert (done.code, done.out) == (0, "note: Options(digits=3, title='007') for there\n")
    assert invoke("export", "r1", "--to", "note").out == "note: Options(digits=2, title='') for \n"
    assert invoke("export", "r1", "--to", "plain").out == "plain: options None\n"


def test_an_option_goes_to_each_exporter_that_has_it(run: Path, invoke: Invoke) -> None:
    done = invoke("export", "r1", "--to", "plain", "--to", "note=a", "--to", "note=b", "-o", "digits=1")
    assert done.out.splitlines() == [
        "plain: options None",
        "note: Options(digits=1, title='') for a",
        "note: Options(digits=1, title='') for b",
    ]


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (("--to", "note", "-o", "digit=3"), ("-o digit: exporter note has no option 'digit'; did you mean digits?",)),
        (("--to", "note", "-o", "colour=red"), ("no option 'colour'; valid keys: digits, title", "--list --to NAME")),
        (("--to", "plain", "-o", "digits=3"), ("-o digits: exporter plain takes no options",)),
        (("--to", "note", "-o", "digits=many"), ("-o digits (exporter note): digits: expected a valid integer",)),
        (("--to", "note", "-o", "digits"), ("-o digits: expected name=value",)),
        (("--to", "note", "-o", "digits=1", "-o", "digits=2"), ("'digits' is given twice",)),
        (("--to", "plain", "--to", "note", "-o", "x=1"), ("exporter plain and note has no option 'x'",)),
        (("--to", "heavy"), ("exporter plug-in 'heavy' needs the Python module 'a_heavy_package'",)),
        (("--to", "note", "--write"), ("--write is for --to sheet, and not for --to note; add --to sheet",)),
        (("--to", "note", "--worksheet", "A"), ("--worksheet is for --to sheet",)),
        ((), ("to what?", "--to leaderboard", "--list")),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(
    run: Path, invoke: Invoke, arguments: tuple[str, ...], messages: tuple[str, ...]
) -> None:
    done = invoke("export", "r1", *arguments)
    assert (done.code, done.out) == (2, "")
    for message in messages:
        assert message in done.err
    assert not (run.parent / "note.txt").exists()


def test_the_list_says_what_each_exporter_writes_and_what_it_lacks(run: Path, invoke: Invoke) -> None:
    shown = invoke("export", "--list").out
    assert "note" in shown
    assert "A note of one line." in shown
    assert "More of it" not in shown
    assert "Needs what is not here. (exporter plug-in 'heavy' needs the Python module 'a_heavy_package'" in shown
    assert "(exporter plug-in 'broken'" in shown
    assert "leaderboard" in shown


def test_programs_get_the_list_with_the_options_as_a_schema(run: Path, invoke: Invoke) -> None:
    note, plain = json.loads(invoke("export", "--list", "--json", "--to", "note", "--to", "plain").out)
    assert (note["exporter"], note["writes"]) == ("note", "A note of one line.")
    assert note["options"]["properties"]["digits"]["description"] == "how many digits a rate has"
    assert plain["options"] is None
    assert invoke("export", "x", "--to", "note", "--json").code == 2


def test_the_list_of_one_shows_its_options(run: Path, invoke: Invoke) -> None:
    shown = invoke("export", "--list", "--to", "note", "--to", "plain").out
    assert "how many digits a rate has" in shown
    assert "plain takes no options" in shown
    assert "leaderboard" not in shown
    assert "unknown exporter plug-in 'nite'; did you mean 'note'?" in invoke("export", "--list", "--to", "nite").err


def test_a_run_is_asked_for_where_none_is_named(workdir: Path, invoke: Invoke) -> None:
    done = invoke("export", "--to", "leaderboard")
    assert (done.code, done.out) == (2, "")
    assert "which run?" in done.err


def test_the_list_imports_no_package_that_only_an_exporter_needs(workdir: Path) -> None:
    code = (
        "import sys\nfrom webarena_runner.cli import main\nsys.argv = ['wa-run', 'export', '--list']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() == "[]"
    assert "leaderboard" in done.stdout
