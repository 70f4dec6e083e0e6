"""The picture of a task, from the site to all who look at it."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.support.local_site import serve
from tests.support.picture_tasks import options_for, png, put_on_shelf, shelf_record
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_results


@pytest.mark.browser
def test_a_picture_that_is_shown_compared_and_kept_is_asked_for_once(
    invoke: Invoke, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp, named = png("red", "blue"), "__SHOPPING__/lamp.png"
    (workdir / "replies.json").write_text(json.dumps(["```scroll [down]```", "```stop [done]```"]))
    (workdir / "seeing.yaml").write_text(
        "backend: replay\nmodel: recorded\nimages: screenshot\noptions: {path: replies.json}\n"
    )
    task = shelf_record(1, "lamp", {"eval_fuzzy_image_match": named}, image=named)
    with serve() as site:
        put_on_shelf(site, "lamp", lamp)
        monkeypatch.setenv("SHOPPING", site.url)
        done = invoke("--model", "seeing.yaml", "--prompt", "direct", *options_for(workdir, [task]))
        asked = list(site.asked)
    assert done.code == 0, done.err
    paths = RunPaths(workdir / "results" / "r")
    [result] = read_results(paths.folder).values()
    assert (result.value, result.steps) == (1.0, 2), result
    episode = paths.episode(1, 0)
    [kept] = episode.task_pictures()
    assert (episode.folder / kept).read_bytes() == lamp
    assert asked.count("/lamp.png") == 1
