"""From a real run to its report."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke, own_task
from webarena_runner.log.reading import read_steps

pytestmark = pytest.mark.browser
SAY = "In summary, the next action I will perform is ```{}```"


def test_the_element_of_a_playwright_action_is_outlined(invoke: Invoke, workdir: Path) -> None:
    (workdir / "own.json").write_text(json.dumps([own_task(7, expected="hello", said="hello")]))
    replies = [SAY.format(each) for each in ('page.locator("body").hover()', 'page.stop("hello")')]
    (workdir / "replies.json").write_text(json.dumps(replies))
    model = ("--model", "replay", "-o", "model.options.path=replies.json", "--action-set", "playwright")
    done = invoke(*model, "--task-set", "own.json", "--sites", "embedded", "--run-id", "r1")
    first = next(read_steps(Path("results/r1/episodes/7.0")))
    assert first.action_error == "", done
    assert first.acted_on
    assert first.acted_on.box
    assert invoke("report", "r1", "--html").code == 0
    assert '<rect class="mark"' in Path("results/r1/report/tasks/7.0.html").read_text()
