"""A machine that is too busy: episodes pass or end in an error, and none gets a score that it would not have had."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.run.playing import play_all
from webarena_runner.agents.oracle import Oracle
from webarena_runner.allowance import cores
from webarena_runner.log.reading import read_steps
from webarena_runner.log.writing import RunFolder
from webarena_runner.running.episode import Harness
from webarena_runner.running.plan import make_manifest
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.tasksets.mini import Mini
from webarena_runner.types import EpisodeResult, Task, TaskId

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.alone]
WORKERS_PER_CORE = 4
HOGS_PER_CORE = 4
# Ends with the test, however that ends.
HOG = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"


@pytest.fixture
def hogs() -> Iterator[None]:
    """What takes most of the machine away from the run."""
    burning = [
        subprocess.Popen([sys.executable, "-c", HOG, str(os.getpid())], start_new_session=True)
        for _ in range(HOGS_PER_CORE * cores())
    ]
    yield
    for each in burning:
        each.kill()
        each.wait()


async def played(tasks: Sequence[Task], folder: Path) -> list[EpisodeResult]:
    """The last result of each task, from as many workers as no machine should have."""
    assignments = (f"workers={WORKERS_PER_CORE * cores()}", "limits.stop_after_errors=1000")
    options = CliOptions(model="oracle", tasks="mini", task_set="mini", served_by="embedded", assignments=assignments)
    config = load_run_config(options, {})[0]
    manifest = make_manifest(config, Mini().load(), tasks, run_id="run", prompt_sha256="", profile_overrides=())
    run = RunFolder.create(folder, manifest, tasks)
    async with open_environments(config.settings, config.sites, {}) as environments:
        results, _ = await play_all(Harness(config.settings, Oracle(), environments), run.path, tasks)
    run.close()
    return list({result.task_id: result for result in results}.values())


def pages_read_while_busy(run: Path, task: TaskId) -> list[tuple[str, tuple[str, ...]]]:
    steps = read_steps(run / "episodes" / f"{task}.0")
    return [(step.observation.url, step.observation.still_busy) for step in steps if step.observation.still_busy]


@pytest.mark.parametrize("count", [12, pytest.param(None, marks=pytest.mark.slow)], ids=["a dozen", "one a template"])
@pytest.mark.usefixtures("hogs")
async def test_a_busy_machine_changes_no_score_and_nothing_that_is_read(count: int | None, tmp_path: Path) -> None:
    tasks = tuple({task.template_id: task for task in reversed(Mini().load().tasks)}.values())
    chosen = tasks if count is None else tasks[:: len(tasks) // count][:count]
    results = await played(chosen, tmp_path / "run")
    assert len(results) == len(chosen)
    failed = {result.task_id: (result.ending, result.scores) for result in results if result.value == 0}
    assert failed == {}
    passed = [result.task_id for result in results if result.value == 1]
    assert passed, Counter(result.failure and result.failure.message for result in results)
    busy = {task_id: pages_read_while_busy(tmp_path / "run", task_id) for task_id in passed}
    assert not any(busy.values()), busy
