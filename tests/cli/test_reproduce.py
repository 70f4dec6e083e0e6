"""`wa-run reproduce`: the command that it prints has the settings of the run; what a manifest says besides."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import WA_RUN, Invoke
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.log.reading import read_manifest
from webarena_runner.log.writing import RunFolder
from webarena_runner.running.machine import hardware
from webarena_runner.running.run import prepare
from webarena_runner.settings.loading import CliOptions, Given, explicit_settings, load_run_config
from webarena_runner.tasksets import load_task_set

pytestmark = pytest.mark.long

KEY = "sk-proj-Zm9vYmFy0123456789abcdefABCDEF"
MODEL = {
    "backend": "openai_chat",
    "model": "some/model-8b",
    "options": {"base_url": "http://127.0.0.1:9/v1", "api_key_env": "SOME_KEY", "headers": {"X-Team.Name": "a b"}},
    "sampling": {"temperature": 0.5},
    "prices": {"input": 1.5, "output": 2},
}


@pytest.fixture
def begun(workdir: Path) -> Callable[..., Path]:
    """A run folder as `wa-run` with these options begins it."""

    def begin(*, environ: dict[str, str] | None = None, given: tuple[Given, ...] = (), **options: Any) -> Path:
        served_by = load_task_set(options["task_set"]).served_by
        chosen = CliOptions(**{"served_by": served_by, "given": given, **options})
        config, overrides = load_run_config(chosen, environ or {})
        out = workdir / "results"
        ready = prepare(config, out=out, run_id="r1", overrides=overrides, explicit=explicit_settings(chosen))
        prompt = load_prompt("cot").path.read_text() if config.model else ""
        RunFolder.create(ready.folder, ready.manifest, ready.tasks, prompt=prompt).close()
        return ready.folder

    return begin


def played(script: str, where: Path, environ: dict[str, str] | None = None) -> dict[str, Any]:
    """What the printed script says with --dry-run, run by a shell."""
    path = f"{WA_RUN.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", f"{script.rstrip()} --dry-run --json"],
        cwd=where,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, **(environ or {})},
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {"stderr": done.stderr}
    return found


def test_a_run_of_the_oracle_is_a_short_command(begun: Callable[..., Path], invoke: Invoke, workdir: Path) -> None:
    folder = begun(model="oracle", task_set="mini", tasks="smoke")
    done = invoke("reproduce", "r1")
    assert done.code == 0, done.err
    command = done.out.splitlines()[-1]
    assert command == "wa-run --model oracle --task-set mini --tasks smoke --profile webarena --sites embedded"
    assert "# nothing that the manifest has is known to differ here" in done.out
    assert played(done.out, workdir)["config_sha256"] == read_manifest(folder).config_sha256


def a_model(workdir: Path, place: str = "configs/models/mine.yaml", **changes: Any) -> Path:
    path = workdir / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(MODEL | changes))
    return path


RICH = {
    "task_set": "mini",
    "tasks": "site:reddit & !judge",
    "limit": 3,
    "profile": "strict",
    "given": (
        Given("trials", 2, "--trials"),
        Given("seed", 7, "--seed"),
        Given("limits.max_steps", 9, "--max-steps"),
        Given("limits.max_cost_usd", 3.5, "--max-cost"),
    ),
    "assignments": (
        "sampling.stop=['a b', \"it's\"]",
        "model.options.timeout_s=7",
        "browser.headless=false",
        "limits.max_time_s=90m",
        'exporters=["leaderboard", "jsonl=x y.jsonl"]',
    ),
}


@pytest.mark.parametrize("is_here", [True, False], ids=["model file here", "model file gone"])
def test_the_printed_command_has_the_same_settings(
    is_here: bool,  # noqa: FBT001
    begun: Callable[..., Path],
    invoke: Invoke,
    workdir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_model(workdir)
    rich = RICH | {"tasks": "site:reddit", "assignments": (*RICH["assignments"][:-1], 'exporters=["leaderboard"]')}  # type: ignore[index]
    folder = begun(model="mine", **rich)
    if not is_here:
        (workdir / "configs/models/mine.yaml").unlink()
    monkeypatch.setenv("SOME_KEY", KEY)
    done = invoke("reproduce", "r1", "--out", str(folder.parent))
    assert done.code == 0, done.err
    assert KEY not in done.out + done.err
    assert "# needs SOME_KEY, which is set here" in done.out
    assert ("configs/models/mine.yaml" in done.out) is not is_here
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    found = played(done.out, workdir if is_here else elsewhere, {"SOME_KEY": KEY})
    assert found["config_sha256"] == read_manifest(folder).config_sha256, found
    printed = json.loads(invoke("reproduce", "r1", "--json").out)
    assert printed["same_as_manifest"] is True
    assert printed["variables"] == {"SOME_KEY": True}
    assert shlex.split(done.out.splitlines()[-1]) == printed["command"]


def test_addresses_of_sites_are_in_the_command_and_further_ones_of_this_machine_are_not(
    begun: Callable[..., Path], invoke: Invoke, workdir: Path, monkeypatch: pytest.MonkeyPatch, own_tasks: Path
) -> None:
    options = {"task_set": "own.json", "tasks": "7", "sites": "static", "model": "oracle"}
    accounts = 'sites.options.accounts={"reddit": {"username_env": "FORUM_USER", "password_env": "FORUM_PASSWORD"}}'
    extra = (accounts, "sites.options.images=am1n3e/webarena-verified")
    folder = begun(environ={"REDDIT": "http://forum.local:9999"}, assignments=extra, **options)
    assert read_manifest(folder).site_images == "am1n3e/webarena-verified"
    monkeypatch.setenv("MAP", "http://map.local:3000")
    monkeypatch.setenv("WA_REDDIT", "http://other.local:1")
    done = invoke("reproduce", "r1")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].startswith("env -u MAP wa-run ")
    assert "# needs FORUM_PASSWORD, which is not set here" in done.out
    found = played(done.out, workdir, {"FORUM_USER": "u", "FORUM_PASSWORD": "p"})
    assert found["config_sha256"] == read_manifest(folder).config_sha256, found


def test_copies_of_the_sites_are_in_the_command_with_the_variables_that_they_name(
    begun: Callable[..., Path], invoke: Invoke, workdir: Path, monkeypatch: pytest.MonkeyPatch, own_tasks: Path
) -> None:
    account = {"username_env": "SPARE_USER", "password_env": "SPARE_PASSWORD"}
    copies = [
        {"urls": {"reddit": "http://one.local:9999"}, "headers": {"reddit": {"Authorization": "Bearer ${FORUM_KEY}"}}},
        {"name": "spare", "urls": {"reddit": "http://two.local:9999"}, "accounts": {"reddit": account}},
    ]
    options = {"task_set": "own.json", "tasks": "7", "sites": "static", "model": "oracle"}
    folder = begun(assignments=(f"sites.options.instances={json.dumps(copies)}",), **options)
    monkeypatch.setenv("REDDIT", "http://other.local:1")
    done = invoke("reproduce", "r1")
    assert done.code == 0, done.err
    assert "env -u" not in done.out, "what several copies leave out comes from no variable"
    for name in ("SPARE_USER", "SPARE_PASSWORD", "FORUM_KEY"):
        assert f"# needs {name}, which is not set here" in done.out
    found = played(done.out, workdir, {"SPARE_USER": "u", "SPARE_PASSWORD": "p", "FORUM_KEY": "k"})
    assert found["config_sha256"] == read_manifest(folder).config_sha256, found


def test_what_differs_here_is_told_and_files_that_changed_come_with_it(
    begun: Callable[..., Path], invoke: Invoke, workdir: Path, own_tasks: Path
) -> None:
    a_model(workdir)
    a_model(workdir, "judge.yaml", model="the-judge")
    shipped = (Path(__file__).parents[2] / "configs/prompts/cot.yaml").read_text()
    own_prompt = workdir / "configs/prompts/cot.yaml"
    own_prompt.parent.mkdir()
    own_prompt.write_text(f"{shipped}# ours\n")
    given = (Given("judge.model", "./judge.yaml", "--judge"),)
    records = json.loads(own_tasks.read_text())
    records[0]["eval"]["reference_answers"] = {"fuzzy_match": ["hello"]}
    own_tasks.write_text(json.dumps(records))
    folder = begun(model="mine", task_set="own.json", tasks="7", sites="embedded", given=given)
    raw = json.loads((folder / "manifest.json").read_text())
    assert raw["judge_model"]["model"] == "the-judge"
    raw["versions"] |= {"python": "3.9.1", "chromium": "1.2.3.4 headless shell"}
    raw["packages"] |= {"pydantic": "1.0", "unheard-of": "1"}
    raw["hardware"] = {"gpu 0": "NVIDIA H200, driver 1"}
    (folder / "manifest.json").write_text(json.dumps(raw))
    (workdir / "judge.yaml").unlink()
    own_prompt.write_text("intro: another\n")
    own_tasks.write_text(json.dumps(records[:1]))
    done = invoke("reproduce", "r1")
    assert done.code == 0, done.err
    for told in (
        "# differs: python: 3.9.1 then, 3.",
        "# differs: pydantic: 1.0 then, 2.",
        "# differs: chromium: 1.2.3.4 then, ",
        "# differs: gpu 0: NVIDIA H200, driver 1 then, none here",
        "# differs: task set own: sha256 ",
        "# differs: configs/prompts/cot.yaml: is here with another content",
        "[ -e ./judge.yaml ] || { cat > ./judge.yaml <<'END_OF_FILE'",
        "[ -e configs/prompts/cot.yaml ] || {",
    ):
        assert told in done.out, told
    assert "unheard-of" not in done.out
    own_prompt.unlink()
    found = played(invoke("reproduce", "r1").out, workdir, {"SOME_KEY": KEY})
    assert found["config_sha256"] == read_manifest(folder).config_sha256, found
    assert own_prompt.read_text() == f"{shipped}# ours\n"
    assert yaml.safe_load((workdir / "judge.yaml").read_text())["model"] == "the-judge"


def test_settings_of_another_version_are_told(begun: Callable[..., Path], invoke: Invoke) -> None:
    folder = begun(model="oracle", task_set="mini", tasks="smoke")
    raw = json.loads((folder / "manifest.json").read_text())
    raw["config"]["settings"]["by_magic"] = True
    (folder / "manifest.json").write_text(json.dumps(raw))
    done = invoke("reproduce", "r1")
    assert done.code == 2
    assert "this version does not know its settings (settings.by_magic" in done.err


def test_the_manifest_has_packages_prompt_text_and_judge(begun: Callable[..., Path], workdir: Path) -> None:
    a_model(workdir)
    folder = begun(model="mine", task_set="mini", tasks="smoke")
    manifest = read_manifest(folder)
    assert {"pydantic", "playwright", "httpx", "pyarrow"} <= manifest.packages.keys()
    assert not {"ruff", "mypy", "webarena-runner"} & manifest.packages.keys()
    assert (folder / "texts" / f"{manifest.prompt_sha256}.txt").read_text().startswith("#")
    assert manifest.judge_model is None


def test_the_machine_is_in_the_manifest_with_its_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a stand-in for nvidia-smi that prints what it does."""
    program = tmp_path / "nvidia-smi"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --query-gpu=name,driver_version,memory.total ] || exit 9\n'
        "printf 'NVIDIA H200, 580.65.06, 143771 MiB\\nNVIDIA H200, 580.65.06, 143771 MiB\\n'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = hardware()
    assert found["gpu 0"] == found["gpu 1"] == "NVIDIA H200, driver 580.65.06, 143771 MiB"
    assert found["memory"].endswith(" GiB")
    assert int(found["cores"]) >= 1
    program.write_text("#!/bin/sh\nexit 9\n")
    assert not [name for name in hardware() if name.startswith("gpu")]
