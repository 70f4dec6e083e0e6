"""`--config`: a run from one file, or as an earlier run was."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from webarena_runner.log.writing import RunFolder
from webarena_runner.running.run import prepare
from webarena_runner.settings.loading import CliOptions, Given, load_run_config

FILE = """\
model: openai-compatible
task-set: own.json
tasks: 7
sites: embedded
workers: 2
max_steps: 12
max-time: 1h
option:
  limits: {retries: 0, max_time_s: 60}
  model.options.base_url: http://127.0.0.1:9/v1
  sampling.stop: ["a, b", "c=d"]
"""


def plan(invoke: Invoke, *words: str) -> dict[str, Any]:
    """The settings of a run; there is no server for it here, which a rehearsal notices."""
    found: dict[str, Any] = json.loads(invoke(*words, "--dry-run", "--json").out)["config"]
    return found


def test_a_file_gives_options_and_settings(invoke: Invoke, own_tasks: Path) -> None:
    Path("run.yaml").write_text(FILE.replace(", max_time_s: 60", ""))
    words = "--model openai-compatible --task-set own.json --tasks 7 --sites embedded --workers 2 --max-steps 12"
    more = ("--max-time", "1h", "-o", "limits.retries=0", "-o", "model.options.base_url=http://127.0.0.1:9/v1")
    written_out = plan(invoke, *words.split(), *more, "-o", 'sampling.stop=["a, b", "c=d"]')
    for form in ([], ["run"]):
        assert plan(invoke, *form, "--config", "run.yaml") == written_out
    assert (written_out["settings"]["workers"], written_out["settings"]["limits"]["retries"]) == (2, 0)
    assert written_out["tasks"]["expression"] == "7"


def test_the_command_line_wins_over_the_file_whichever_way_either_says_it(invoke: Invoke, own_tasks: Path) -> None:
    Path("run.yaml").write_text(FILE.replace("max-time: 1h\n", ""))
    words = (
        "--workers",
        "3",
        "--max-time",
        "90s",
        "-o",
        "limits.max_steps=5",
        "-o",
        "limits.retries=1",
        "--tasks",
        "8",
    )
    config = plan(invoke, "--config", "run.yaml", *words)
    limits = config["settings"]["limits"]
    assert (config["settings"]["workers"], config["tasks"]["expression"]) == (3, "8")
    assert (limits["max_time_s"], limits["max_steps"], limits["retries"]) == (90, 5, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("workers: four", "line 1, column 1: workers: expected a number of episodes at a time, 1 or more, or auto"),
        ("modle: oracle", "line 1, column 1: unknown key 'modle'; did you mean model or order?"),
        ("model: [oracle]", "line 1, column 1: model: expected one value, got ['oracle']"),
        ("allow-modified: 1", "allow-modified: expected true or false, got 1"),
        ("model: true", "model: expected one value, got True"),
        ("config: other.yaml", "unknown key 'config'"),
        ("option: [a=b]", "option: expected settings"),
        ("option: {limits.max_step: 3}", "did you mean limits.max_steps"),
        ("max-time: soon", "line 1, column 1: limits.max_time_s: expected"),
        ("- a", "expected a mapping"),
    ],
)
def test_a_wrong_file_is_told_with_the_place(invoke: Invoke, own_tasks: Path, text: str, told: str) -> None:
    Path("run.yaml").write_text(f"{text}\n")
    words = ("--task-set", "own.json", "--sites", "embedded", *(() if "model" in text else ("--model", "oracle")))
    done = invoke("--config", "run.yaml", *words)
    assert (done.code, done.out, done.err.count("error: ")) == (2, "", 1)
    assert told in done.err


@pytest.fixture
def earlier(own_tasks: Path) -> tuple[Path, dict[str, Any]]:
    """A run folder, and the settings of the run."""
    given = (Given("limits.max_steps", 9, "--max-steps"), Given("trials", 2, "--trials"))
    assignments = ("model.options.base_url=http://127.0.0.1:9/v1", "model.sampling.temperature=0.3")
    options = CliOptions(
        model="openai-compatible",
        tasks="sample:1",
        task_set=str(own_tasks),
        limit=5,
        sites="embedded",
        profile="strict",
        given=(*given, Given("seed", 4, "--seed")),
        assignments=assignments,
    )
    config, overrides = load_run_config(options, {})
    prepared = prepare(config, out=Path("earlier"), run_id="r1", overrides=overrides)
    with closing(RunFolder.create(prepared.folder, prepared.manifest, prepared.tasks)):
        return prepared.folder, config.model_dump(mode="json")


def test_a_manifest_given_back_is_the_same_run(invoke: Invoke, earlier: tuple[Path, dict[str, Any]]) -> None:
    folder, config = earlier
    copy = Path("kept.json")
    copy.write_bytes((folder / "manifest.json").read_bytes())
    for name in (str(folder), str(folder / "manifest.json"), str(copy)):
        assert plan(invoke, "--config", name) == config


def test_what_is_of_the_model_of_a_manifest_goes_with_it(invoke: Invoke, earlier: tuple[Path, dict[str, Any]]) -> None:
    folder, config = earlier
    found = plan(invoke, "--config", str(folder), "--model", "oracle", "--max-steps", "3")
    settings = found["settings"]
    assert (found["model"], settings["agent"], settings["profile"]) == (None, "oracle", "strict")
    assert (settings["trials"], settings["limits"]["max_steps"], settings["seed"]) == (2, 3, 4)
    assert config["settings"]["sampling"]["temperature"] == 0.3
    assert settings["sampling"]["temperature"] != 0.3
    lost = invoke("--config", str(folder), "--agent", "always-na", "--dry-run")
    assert (lost.code, lost.out) == (2, "")
    assert "--agent always-na plays without a model, so 'openai-compatible' would never be asked" in lost.err
