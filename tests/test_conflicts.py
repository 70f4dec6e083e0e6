"""Explicit options that would lose without a word, or that nothing would use: refused, with the way out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from webarena_runner.errors import ConfigError
from webarena_runner.running.plan import require_used
from webarena_runner.settings.loading import CliOptions, Given, explicit_settings, load_run_config
from webarena_runner.types import Task

MODEL = "backend: openai_chat\nmodel: tiny\n"
FLAGS = {
    "--agent": "agent",
    "--prompt": "prompt",
    "--action-set": "actions.action_set",
    "--judge": "judge.model",
    "--max-steps": "limits.max_steps",
    "--max-cost": "limits.max_cost_usd",
    "--settle": "settle.mode",
    "--workers": "workers",
    "--seed": "seed",
}
LEAVE_ONE = "leave one of them out"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with the model files `mine`, and `priced`, which has prices."""
    monkeypatch.chdir(tmp_path)
    models = tmp_path / "configs" / "models"
    models.mkdir(parents=True)
    (models / "mine.yaml").write_text(MODEL)
    (models / "priced.yaml").write_text(f"{MODEL}prices: {{input: 1, output: 2}}\n")
    profiles = tmp_path / "configs" / "profiles"
    profiles.mkdir()
    (profiles / "alone.yaml").write_text("agent: always-na\nprompt: cot\n")
    return tmp_path


def options(line: str) -> CliOptions:
    """A command line: `--model oracle --agent x -o key=value`."""
    words = iter(line.split())
    chosen: dict[str, str] = {}
    given, assignments = [], []
    for word in words:
        value = next(words)
        if word == "-o":
            assignments.append(value)
        elif word in FLAGS:
            number = word in ("--max-steps", "--max-cost", "--workers", "--seed")
            given.append(Given(FLAGS[word], int(value) if number else value, word))
        else:
            chosen[word.removeprefix("--").replace("-", "_")] = value
    return CliOptions(
        model=chosen.get("model"),
        tasks=chosen.get("tasks", "all"),
        profile=chosen.get("profile", "webarena"),
        given=tuple(given),
        assignments=tuple(assignments),
    )


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "--model oracle --agent random-click",
            f"--model oracle and --agent random-click name two agents; {LEAVE_ONE}",
        ),
        (
            "--model oracle -o agent=random-click",
            f"--model oracle and -o agent random-click name two agents; {LEAVE_ONE}",
        ),
        ("--model oracle --agent prompted", "--agent prompted asks one for each step: name a model"),
        ("--model oracle --agent orcale", "unknown agent plug-in 'orcale'; did you mean 'oracle'?"),
        ("--model mine --agent always-na", "--agent always-na plays without a model, so 'mine' would never be asked"),
        ("--model mine -o agent=oracle", "-o agent oracle plays without a model, so 'mine' would never be asked"),
        ("--model mine --profile alone", "agent always-na plays without a model, so 'mine' would never be asked"),
        (
            "--model mine --agent prompted -o agent=oracle",
            f"--agent and -o agent: agent is given two values, .*{LEAVE_ONE}",
        ),
        ("--model oracle --prompt cot", "--prompt: agent 'oracle' plays without a model, so nothing would use it"),
        ("--model oracle --action-set id", "--action-set: agent 'oracle' plays without a model"),
        ("--model oracle -o actions.show_errors=true", "-o actions.show_errors: agent 'oracle' plays without a model"),
        ("--model oracle -o sampling.temperature=0", "-o sampling.temperature: agent 'oracle' plays without a model"),
        ("--agent do-nothing --prompt cot", "--prompt: agent 'do-nothing' plays without a model"),
        ("--model oracle --max-cost 5", "--max-cost: the run has neither a model nor a judge"),
        ("--model oracle --max-cost 5 --judge mine", "--max-cost: judge 'mine' has no prices"),
        ("--model mine --workers 4 -o workers=2", "--workers and -o workers: workers is given two values"),
        (
            '--model mine --max-steps 9 -o limits={"max_steps":7}',
            "--max-steps and -o limits: limits.max_steps is given",
        ),
        ("--model mine -o seed=1 -o seed=2", "-o seed: seed is given two values"),
        (
            "--model mine -o model.sampling.top_p=0.1 -o sampling.top_p=0.2",
            "-o model.sampling.top_p and -o sampling.top_p: sampling.top_p is given two values",
        ),
        (
            "--model mine --settle official -o settle.limit_s=1",
            "-o settle.limit_s: counts only where settle.mode is quiet",
        ),
        ("--model mine -o observation.mode=html -o observation.ids=stable", "-o observation.ids: counts only where"),
        ("--model mine -o actions.playwright_quirks=false", "counts only where actions.action_set is playwright"),
        (
            "--model mine --action-set playwright -o actions.lenient_syntax=true",
            "counts only where actions.action_set is id",
        ),
        ("--model oracle -o record.har_bodies=true", "counts only where record.har is true, and this run has false"),
        ("--model oracle -o record.film_strip=true", "counts only where record.trace is all or failed"),
    ],
)
def test_an_option_that_would_be_lost_is_refused(line: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_run_config(options(line), {})


@pytest.mark.parametrize(
    "line",
    [
        "--model oracle --agent oracle --workers 4 -o workers=4",
        "--agent always-na --max-steps 3",
        "--model mine --agent prompted --prompt cot --action-set id -o actions.lenient_syntax=true",
        "--model mine --profile alone --agent prompted",
        "--model oracle --judge priced --max-cost 5",
        "--model mine --action-set playwright -o actions.playwright_quirks=false",
        "--model oracle -o record.trace=failed -o record.film_strip=true",
    ],
)
def test_options_that_count_are_taken(line: str) -> None:
    load_run_config(options(line), {})


def _tasks(*, judged: bool) -> tuple[Task, ...]:
    fields = {
        "task_set": "own",
        "intent": "i",
        "sites": (),
        "start_urls": ("about:blank",),
        "login_sites": (),
        "template_id": 1,
        "checks": (),
    }
    return (Task(task_id=1, judge=judged, raw={}, **fields),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--model mine --judge mine", "--judge mine: none of the 1 chosen tasks has an answer that a judge decides"),
        (
            "--model oracle --seed 3",
            "--seed 3: agent 'oracle' does the same whatever the seed, and --tasks 'all' draws",
        ),
        ("--agent do-nothing -o seed=3", "-o seed 3: agent 'do-nothing' does the same whatever the seed"),
    ],
)
def test_an_option_that_no_chosen_task_makes_use_of_is_refused(line: str, told: str) -> None:
    config, _ = load_run_config(options(line), {})
    explicit = explicit_settings(options(line))
    message = refusal(lambda: require_used(explicit, config, _tasks(judged=False), environment="browser"))
    assert message.startswith(told)


@pytest.mark.parametrize(
    "line",
    [
        "--model mine --judge mine --seed 3",
        "--model oracle --tasks sample:2 --seed 3",
        "--agent random-click --seed 3",
        "--model oracle",
    ],
)
def test_options_that_tasks_make_use_of_are_taken(line: str) -> None:
    config, _ = load_run_config(options(line), {})
    require_used(explicit_settings(options(line)), config, _tasks(judged=True), environment="browser")
