"""What to run: the chosen tasks times the trials, the manifest that pins it, and what of it is still to do."""

import platform
import re
import subprocess
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from webarena_runner import __version__, registry
from webarena_runner.errors import ConfigError, StoreError, UsageError
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.paths import Key, task_name
from webarena_runner.running.machine import packages
from webarena_runner.settings import datafiles
from webarena_runner.settings.profiles import load_profile
from webarena_runner.settings.records import ModelSpec, RunConfig, RunSettings, SitesSpec
from webarena_runner.tasksets.selection import draws
from webarena_runner.types import RunManifest, Task

CODE = ("webarena_runner", "webarena_mini")
OUTSIDE = (
    "pages could reach hosts outside the sites (--offsite allow), so that what episodes saw and did there is not kept "
    "and can be another thing tomorrow"
)
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def new_run_id(config: RunConfig, now: datetime) -> str:
    model = config.model.name if config.model else config.settings.agent
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{model}-{Path(config.tasks.task_set).stem}")
    return f"{now:%Y%m%d-%H%M%S}-{name}"[:128]


def check_run_id(run_id: str) -> None:
    """Raises UsageError for a run id that is not a plain file name."""
    if not RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"--run-id {run_id!r}: expected up to 128 letters, digits, '.', '_' or '-', the first a letter or digit"
        )


def planned_episodes(tasks: Sequence[Task], trials: int) -> list[tuple[Task, int]]:
    """All first trials before all second ones, so that an interrupted run has whole passes."""
    return [(task, trial) for trial in range(trials) for task in tasks]


def to_do(tasks: Sequence[Task], trials: int, finished: Container[Key]) -> tuple[tuple[Task, int], ...]:
    return tuple(
        (task, trial) for task, trial in planned_episodes(tasks, trials) if (task.task_id, trial) not in finished
    )


def require_used(explicit: Mapping[str, str], config: RunConfig, tasks: Sequence[Task], *, environment: str) -> None:
    """Raises ConfigError for an explicit option that nothing will use; `explicit` is what gave each setting."""
    settings = config.settings
    if "judge.model" in explicit and settings.judge.model and not any(task.judge for task in tasks):
        raise ConfigError(
            f"{explicit['judge.model']} {settings.judge.model}: none of the {len(tasks)} chosen tasks has an answer "
            "that a judge decides, so it would never be asked; leave it out, or choose other tasks"
        )
    drawing = config.model is not None or getattr(registry.load("agents", settings.agent), "draws", True)
    # Another environment than ours may draw.
    if "seed" in explicit and not drawing and not draws(config.tasks.expression) and environment == "browser":
        raise ConfigError(
            f"{explicit['seed']} {settings.seed}: agent '{settings.agent}' does the same whatever the seed, and "
            f"--tasks '{config.tasks.expression}' draws nothing (sample:N does); leave it out"
        )


def require_rules(loaded: LoadedTasks, settings: RunSettings) -> None:
    """Raises ConfigError for the rules of another benchmark: no run of one has the name of the other's profile."""
    rules = settings.scoring.rules
    if not loaded.scored_by or rules in (*loaded.scored_by, "own"):
        return
    fitting = [
        name
        for name in datafiles.names("profiles")
        if load_profile(name).settings.scoring.rules in (*loaded.scored_by, "own")
    ]
    raise ConfigError(
        f"profile '{settings.profile}' scores by the rules of {rules}, and {loaded.name} is scored by those of "
        f"{' or '.join(loaded.scored_by)}: leave --profile out, or name one of {', '.join(fitting)}"
    )


def require_action_set(config: RunConfig, environment: str) -> None:
    """Raises ConfigError where a model would write actions that the environment has none of."""
    offers = bool(getattr(registry.load("environments", environment), "offers_tools", False))
    action_set = config.settings.actions.action_set
    if config.model is None or offers == (action_set == "calls"):
        return
    if offers:
        raise ConfigError(
            f"environment '{environment}' has functions to call, and this run has the action set '{action_set}' of a "
            "browser: use --profile calls, or --action-set calls"
        )
    raise ConfigError(
        f"action set 'calls' is for environments that offer functions, and '{environment}' offers none; use "
        "--action-set id"
    )


def make_manifest(
    config: RunConfig,
    loaded: LoadedTasks,
    tasks: Sequence[Task],
    *,
    run_id: str,
    prompt_sha256: str,
    profile_overrides: Sequence[str],
    judge: ModelSpec | None = None,
    now: datetime | None = None,
) -> RunManifest:
    settings, stored = config.settings, config.model_dump(mode="json")
    agent = registry.load("agents", settings.agent)
    return RunManifest(
        run_id=run_id,
        started_at=now or datetime.now(UTC),
        profile=settings.profile,
        profile_overrides=tuple(profile_overrides),
        config=stored,
        config_sha256=sha256_of_json(stored),
        task_set=loaded.name,
        task_set_sha256=loaded.sha256,
        task_set_modified=loaded.modified,
        expected_count=loaded.expected_count,
        scope=scope(loaded, config.sites),
        caution=_with_outside(caution(loaded, config.sites), settings),
        prompt_sha256=prompt_sha256,
        model=config.model.name if config.model else settings.agent,
        environment=loaded.environment,
        agent=settings.agent,
        agent_note=getattr(agent, "note", ""),
        judge=judge.label if judge else "",
        judge_model=judge and judge.model_dump(mode="json"),
        sites=config.sites.provider,
        sites_data=_data_version(loaded, config.sites),
        site_images=_images_of(config.sites),
        planned=tuple((task.task_id, trial) for task, trial in planned_episodes(tasks, settings.trials)),
        task_sites={task_name(task.task_id): "+".join(sorted(task.sites)) for task in tasks},
        versions=versions(),
        packages=packages(),
    )


def scope(loaded: LoadedTasks, sites: SitesSpec) -> str:
    """What the numbers of a run are of, in short: the task set, and the sites where these are not those it is for."""
    elsewhere = loaded.served_by != sites.provider and _caution_of(sites)
    return f"{loaded.name} on {sites.provider} sites" if elsewhere else loaded.name


def caution(loaded: LoadedTasks, sites: SitesSpec) -> str:
    """A sentence for whoever reads the numbers of a task set on a provider's sites; "" when they are a benchmark's."""
    if loaded.served_by == sites.provider or not (made_up := _caution_of(sites)):
        return loaded.caution
    return f"{loaded.name} on the {sites.provider} sites is not WebArena: {made_up}"


def _with_outside(said: str, settings: RunSettings) -> str:
    return "; ".join(filter(None, [said, OUTSIDE if settings.browser.offsite == "allow" else ""]))


def _data_version(loaded: LoadedTasks, sites: SitesSpec) -> str:
    version_of = getattr(registry.load("sites", sites.provider), "data_version", None)
    return version_of(loaded.sha256) if version_of else ""


def _images_of(sites: SitesSpec) -> str:
    """What the provider says of the images that its sites run, where it has a way to."""
    provider = registry.load("sites", sites.provider)
    images_of = getattr(provider, "images_of", None)
    return images_of(provider.Options.model_validate(sites.options)) if images_of else ""


def _caution_of(sites: SitesSpec) -> str:
    """What the provider says of numbers on its sites; "" when they are those that benchmarks are for."""
    said: str = getattr(registry.load("sites", sites.provider), "caution", "")
    return said


def require_same(manifest: RunManifest, what: str, then: str, now: str, *, kept: Path | None = None) -> None:
    """Raises StoreError when a resumed run would mix results of different tasks or prompts.

    `then` and `now` are SHA-256, `kept` is a copy of what there was.
    """
    if then != now:
        copy = f" (a copy is {kept})" if kept and kept.exists() else ""
        raise StoreError(
            f"run {manifest.run_id} began with another {what} (sha256 {then[:12]}, now {now[:12]}); "
            f"put the old one back{copy}, or start a new run"
        )


def versions() -> dict[str, str]:
    """Versions that a number may depend on; the browser's own is added when it has started."""
    found = {
        "webarena-runner": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "playwright": version("playwright"),
    }
    commit = commit_of(Path(__file__).parents[2])
    return found | ({"git": commit} if commit else {})


def commit_of(root: Path) -> str | None:
    """Commit of the checkout that this package runs from, "+changes" when its code is another; None when installed."""
    if not (root / ".git").exists():
        return None

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()

    try:
        # Task files, prompts and settings have checksums of their own, and results may lie in the checkout.
        changed = git("status", "--porcelain", "--", *CODE)
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None
