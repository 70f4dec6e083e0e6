"""Run folders of each format, newer ones and damaged ones, through what reads them."""

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.log.records import make_manifest, make_result
from webarena_runner.errors import ConfigError, DamagedRecord, NewerFormat, StoreError
from webarena_runner.evaluators import load_evaluators, rescore
from webarena_runner.interfaces import RequestTag
from webarena_runner.log.format import FORMAT
from webarena_runner.log.paths import AttemptPaths, RunPaths
from webarena_runner.log.places import placed
from webarena_runner.log.reading import (
    cost_usd,
    read_finished,
    read_last_page,
    read_manifest,
    read_result,
    read_results,
    read_steps,
    read_tasks,
)
from webarena_runner.log.writing import RunFolder
from webarena_runner.models.replay import Replay
from webarena_runner.report.summary import load_run
from webarena_runner.running.plan import make_manifest as manifest_of
from webarena_runner.running.run import prepare_resume, run
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import ModelSpec, RunConfig, ScoringSettings
from webarena_runner.tasksets.mini import Mini
from webarena_runner.types import EpisodeResult, Invalid, Sampling, Step

FOLDERS = Path(__file__).parent / "folders"
ALL = ("format-0/oracle", "format-0/replay", "format-1")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A copy of a kept folder, with the task file that it began with in the working directory."""
    shutil.copy(FOLDERS / "format-0" / "tasks.json", tmp_path)
    monkeypatch.chdir(tmp_path)
    return lambda name: Path(shutil.copytree(FOLDERS / name, tmp_path / "results" / name))


def steps_of(folder: Path) -> dict[str, list[Step]]:
    return {paths.folder.name: list(read_steps(paths.folder)) for paths in RunPaths(folder).all_attempts()}


def json_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.json*") if path.name != "tasks.jsonl")


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Changes each record of a file."""
    whole = path.suffix == ".json"
    records = [json.loads(text) for text in ([path.read_text()] if whole else path.read_text().splitlines())]
    for record in records:
        change(record)
    path.write_text("".join(json.dumps(record) + "\n" * (not whole) for record in records))


@pytest.mark.parametrize("name", ALL)
def test_a_folder_of_each_format_is_read(name: str) -> None:
    folder = FOLDERS / name
    manifest = read_manifest(folder)
    assert RunConfig.model_validate(manifest.config).tasks.task_set == "tasks.json"
    results = read_results(folder)
    assert set(results) <= set(manifest.planned)
    for (task_id, trial), result in results.items():
        steps = list(read_steps(RunPaths(folder).episode(task_id, trial).folder))
        assert len(steps) == result.steps > 0
        assert result.finished_at > result.started_at
        assert [step.index for step in steps] == list(range(len(steps)))


def test_messages_of_both_formats_are_whole() -> None:
    (old, *_), (new, *_) = (steps_of(FOLDERS / name)["9.0"] for name in ("format-0/replay", "format-1"))
    for step in (old, new):
        *fixed, last = step.decision.messages
        assert fixed == list(old.decision.messages[:-1])
        assert step.observation.text in last.content
        assert last.content.startswith("Page:\nTab 0 (current)")
        assert last.content.endswith("Last action: None")


def test_what_only_the_present_format_has() -> None:
    folder = FOLDERS / "format-1"
    (step,) = steps_of(folder)["60.0"]
    assert len(step.observation.nodes) > 30
    for key, node in step.observation.nodes.items():
        assert f"[{key}] {node.line}" in step.observation.text
    assert any(node.box and node.box.width % 1 for node in step.observation.nodes.values())
    paths = RunPaths(folder).episode(60, 0)
    result = read_results(folder)[60, 0]
    assert result.final_url == f"{result.site_urls['shopping']}/"
    assert "127.0.0.1" not in json.dumps(json.loads(paths.result.read_text())["scores"][0]["evidence"])
    assert {"lease", "browser", "first_observation", "agent", "settle", "observe", "evaluate"} <= set(result.timings_ms)
    last = read_last_page(paths.folder)
    assert last is not None
    assert last.observation.text != step.observation.text
    assert last.observation.nodes


def test_a_past_episode_is_scored_again_from_its_folder_alone() -> None:
    folder = FOLDERS / "format-1"
    tasks = {task.task_id: task for task in read_tasks(folder) or ()}
    result = read_results(folder)[60, 0]
    value, scores = rescore(tasks[60], result.scores, load_evaluators(ScoringSettings()))
    assert (value, scores) == (result.value, result.scores)


def add_unknown_keys(record: dict[str, Any]) -> None:
    """To the record and all records in it."""
    # These are by names of sites, tasks, parts and packages, or belong to evaluators and settings.
    free = {"config", "task_sites", "versions", "timings_ms", "site_urls", "evidence"}
    for value in [value for key, value in record.items() if key not in free]:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                add_unknown_keys(each)
    record["of_a_newer_version"] = {"and": ["more"]}


@pytest.mark.parametrize("name", ALL)
def test_keys_of_a_newer_version_are_no_damage(name: str, copy: Callable[[str], Path]) -> None:
    folder = copy(name)
    before = (read_manifest(folder), read_results(folder), steps_of(folder), cost_usd(folder))

    for path in json_files(folder):
        changed(path, add_unknown_keys)
    assert (read_manifest(folder), read_results(folder), steps_of(folder), cost_usd(folder)) == before


def test_keys_of_a_newer_version_stay_in_a_manifest_that_is_written_again(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    changed(RunPaths(folder).manifest, lambda record: record.update(of_a_newer_version=1))
    RunFolder.reopen(folder, read_tasks(folder) or ()).close()
    assert json.loads(RunPaths(folder).manifest.read_text())["of_a_newer_version"] == 1


@pytest.mark.parametrize("part", ["manifest", "result", "step"])
def test_a_newer_format_says_what_to_do(part: str, copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    paths = RunPaths(folder).episode(60, 0)
    path = {"manifest": RunPaths(folder).manifest, "result": paths.result, "step": paths.steps}[part]
    changed(path, lambda record: record.update(format=FORMAT + 1))
    told = rf"{path.name}.*written by a newer version of webarena-runner \(format {FORMAT + 1}, .*upgrade"
    with pytest.raises(NewerFormat, match=told):
        (read_manifest(folder), read_results(folder), steps_of(folder))


def test_words_of_a_newer_version_are_no_damage(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    paths = RunPaths(folder).episode(60, 0)
    changed(paths.result, lambda record: record.update(ending="gave_up"))
    changed(paths.steps, lambda record: record["decision"].update(action={"kind": "drag", "to": [3, 4]}))
    assert read_results(folder)[60, 0].ending == "gave_up"
    assert (60, 0) in read_finished(folder), "it is not run, and paid for, again"
    action = steps_of(folder)["60.0"][0].decision.action
    assert action == Invalid(raw='{"kind": "drag", "to": [3, 4]}', reason="this version has no action 'drag'")


def test_a_newer_word_that_nothing_can_stand_for_is_no_damage(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    steps = RunPaths(folder).episode(60, 0).steps
    changed(steps, lambda record: record["observation"].update(screenshot_type="avif"))
    with pytest.raises(NewerFormat, match=r"steps\.jsonl, line 1: .*screenshot_type.*upgrade"):
        steps_of(folder)


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"[1]\n"], ids=["binary", "deep", "list"])
@pytest.mark.parametrize("part", ["manifest", "result", "last_page", "steps"])
def test_whatever_is_in_a_file_the_error_names_it(part: str, content: bytes, copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    paths = RunPaths(folder).episode(60, 0)
    path = RunPaths(folder).manifest if part == "manifest" else getattr(paths, part)
    path.write_bytes(content)
    with pytest.raises(DamagedRecord, match=re.escape(str(path))):
        (read_manifest(folder), read_results(folder), read_last_page(paths.folder), steps_of(folder))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("result", {"site_urls": None}),
        ("result", {"site_urls": {"shopping": 3}}),
        ("last_page", {"observation": []}),
        ("last_page", {"observation": {"text": "", "nodes": "eJyLjgUAARUAuQ=="}}),
    ],
)
def test_a_record_of_another_shape_is_told(part: str, change: dict[str, Any], copy: Callable[[str], Path]) -> None:
    paths = RunPaths(copy("format-1")).episode(60, 0)
    changed(getattr(paths, part), lambda record: record.update(change))
    with pytest.raises(DamagedRecord, match=re.escape(getattr(paths, part).name)):
        read_result(paths) if part == "result" else read_last_page(paths.folder)


def test_settings_of_another_version_are_named_when_a_run_goes_on(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    changed(RunPaths(folder).manifest, lambda record: record["config"]["settings"].update(patience=3))
    assert read_results(folder), "reading needs no setting"
    with pytest.raises(StoreError, match=r"settings\.patience.*go on with the one that started it: 0\.1\.0"):
        prepare_resume(folder)


def test_a_damaged_result_costs_its_own_episode_and_is_kept(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    for task_id in (7, 8):
        run.begin(task_id, 0)
        run.put(make_result(task_id, cost_usd=0.5))
    damaged = RunPaths(run.path).episode(7, 0).result
    damaged.write_text(damaged.read_text()[:-30])
    with pytest.raises(DamagedRecord, match=r"7\.0/result\.json: is damaged.*score of task 7 trial 0 is lost.*resume"):
        read_results(run.path)
    assert list(read_finished(run.path)) == [(8, 0)]
    assert cost_usd(run.path) == 0.5, "what the steps of the damaged one say is nothing"
    assert run.begin(7, 0).attempt == 2
    assert RunPaths(run.path).earlier_attempt(7, 0, 1).result.read_text() == damaged_text(run.path)
    run.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"config": {}}, r"config\.settings, config\.model, config\.tasks, config\.sites"),
        ({"task_sites": {}}, r"task_sites\.9, task_sites\.60"),
    ],
)
def test_a_manifest_that_lacks_what_readers_count_on_is_told(
    change: dict[str, Any], told: str, copy: Callable[[str], Path], invoke: Invoke
) -> None:
    folder = copy("format-1")
    changed(RunPaths(folder).manifest, lambda record: record.update(change))
    done = invoke("report", str(folder))
    assert done.code == 2
    assert re.search(rf"manifest\.json: is damaged: it lacks {told}", done.err)


def test_a_run_with_a_damaged_result_is_reported_without_it(copy: Callable[[str], Path], invoke: Invoke) -> None:
    folder = copy("format-1")
    RunPaths(folder).episode(60, 0).result.write_bytes(b"\0")
    done = invoke("report", str(folder))
    assert done.code == 0, done.err
    assert re.search(r"^all +2 .* 1 +0\.0 %$", done.out, re.MULTILINE), "one of the two counts as not run"
    assert re.search(r"60\.0/result\.json: is damaged.*`wa-run resume` runs this episode again", done.out)
    (told,) = json.loads(invoke("report", str(folder), "--json").out)["damaged"]
    assert "60.0/result.json" in told


def damaged_text(folder: Path) -> str:
    (paths,) = RunPaths(folder).earlier_attempts(7, 0)
    return paths.result.read_text()


async def test_a_folder_of_format_0_is_replayed() -> None:
    spec = ModelSpec(name="recorded", backend="replay", options={"path": str(FOLDERS / "format-0" / "replay")})
    backend = Replay(spec, environ={})
    said = [await backend.generate([], Sampling(), tag=RequestTag("tasks", 9, 0, step)) for step in range(2)]
    assert said[0].text == "I do not know this format"
    assert "stop [N/A]" in said[1].text


@pytest.mark.parametrize(("name", "passed"), [("format-0/oracle", 1), ("format-0/replay", 1), ("format-1", 0)])
def test_a_folder_of_each_format_is_reported(name: str, passed: int, invoke: Invoke) -> None:
    done = invoke("report", str(FOLDERS / name), "--csv", "out.csv")
    assert done.code == 0, done.err
    assert f"{passed} of 2 planned" in done.out
    whole = json.loads(invoke("report", str(FOLDERS / name), "--json").out)
    assert whole["total"] | {"planned": 2, "passed": passed} == whole["total"]
    assert whole["results"][0] in [placed(result) for result in read_results(FOLDERS / name).values()]
    # Ports of embedded sites are others in each run; format 0 does not say which they were.
    placed_results = [result | {"site_urls": {}} for result in whole["results"] if result["site_urls"]]
    assert "http://127.0.0.1" not in json.dumps(placed_results)
    assert name != "format-1" or placed_results
    assert f",{passed}," in Path("out.csv").read_text()


def test_a_copy_under_another_name_goes_on_in_itself(copy: Callable[[str], Path]) -> None:
    folder = copy("format-0/oracle")
    renamed = folder.rename(folder.with_name("copied"))
    assert prepare_resume(renamed).folder == renamed


def test_a_copy_has_a_row_of_its_own(copy: Callable[[str], Path], invoke: Invoke) -> None:
    folder = copy("format-0/oracle")
    renamed = folder.rename(folder.with_name("copied"))
    assert invoke("report", str(FOLDERS / "format-0" / "oracle"), "--csv", "board.csv").code == 0
    done = invoke("report", str(renamed), "--csv", "board.csv")
    assert done.out.startswith("copied: ")
    assert [line.split(",").count("copied") for line in Path("board.csv").read_text().splitlines()] == [0, 0, 1]


@pytest.mark.parametrize("name", ["format-0/oracle", "format-1"])
def test_settings_that_were_changed_in_the_manifest_are_told_and_not_gone_on_with(
    name: str, copy: Callable[[str], Path], invoke: Invoke
) -> None:
    folder = copy(name)
    told = r"manifest\.json: 'config' has changed since the run began \(config_sha256"

    def change(record: dict[str, Any]) -> None:
        config = record["config"]
        config.get("settings", config)["seed"] = 17

    changed(RunPaths(folder).manifest, change)
    with pytest.raises(DamagedRecord, match=told):
        prepare_resume(folder)
    done = invoke("report", str(folder))
    assert (done.code, bool(re.search(told, done.out))) == (0, True)


def test_a_folder_of_format_0_goes_on_in_the_present_one(copy: Callable[[str], Path]) -> None:
    folder = copy("format-0/oracle")
    prepared = prepare_resume(folder)
    assert [(task.task_id, trial) for task, trial in prepared.todo] == [(30, 0)]
    old = RunPaths(folder).manifest.read_bytes()
    RunFolder.reopen(folder, prepared.tasks).close()
    assert RunPaths(folder).earlier_manifest.read_bytes() == old
    Path("tasks.json").unlink()
    again = prepare_resume(folder)
    assert again.todo == prepared.todo, "the folder has its tasks now"
    assert read_manifest(folder).finished_at is not None


def test_the_task_file_of_a_folder_of_format_0_must_be_the_same(copy: Callable[[str], Path]) -> None:
    folder = copy("format-0/oracle")
    Path("tasks.json").write_text(Path("tasks.json").read_text() + "\n")
    with pytest.raises(StoreError, match="began with another task file"):
        prepare_resume(folder)


def test_the_tasks_of_a_run_must_be_the_same(copy: Callable[[str], Path]) -> None:
    path = RunPaths(copy("format-1")).tasks
    path.write_text(path.read_text() + "\n")
    with pytest.raises(DamagedRecord, match=rf"{re.escape(str(path))}: has changed since the run began"):
        prepare_resume(path.parent)


def test_the_prompt_must_be_the_same_and_is_in_the_folder(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1").resolve()
    wanted = read_manifest(folder).prompt_sha256
    kept = RunPaths(folder).texts / f"{wanted}.txt"
    assert "action_splitter" in kept.read_text() or "template" in kept.read_text()
    other = "0" * 64
    kept.rename(RunPaths(folder).texts / f"{other}.txt")
    changed(RunPaths(folder).manifest, lambda record: record.update(prompt_sha256=other))
    with pytest.raises(StoreError, match=rf"another prompt .*a copy is .*{other}\.txt"):
        prepare_resume(folder)


@pytest.mark.parametrize(
    ("keys", "value", "told"),
    [
        (
            ("config", "model"),
            {"leaderboard": {"size_b": []}},
            r"config\.model\.leaderboard\.size_b \(Input should be a",
        ),
        (("config", "model"), [], r"config\.model \("),
        (("config", "settings", "trials"), "3", r"config\.settings\.trials \(Input should be a valid integer"),
        (("config", "settings", "actions"), 1, r"config\.settings\.actions \("),
        (("config", "settings", "scoring"), [], r"config\.settings\.scoring \("),
        (("config",), json.loads('{"a":' + "[" * 200 + "]" * 200 + "}"), "nested deeper than 150 levels"),
    ],
)
def test_a_manifest_with_odd_values_where_readers_look_is_told(
    keys: tuple[str, ...], value: Any, told: str, copy: Callable[[str], Path]
) -> None:
    folder = copy("format-1")

    def put(record: dict[str, Any]) -> None:
        *above, last = keys
        for key in above:
            record = record[key]
        record[last] = value

    changed(RunPaths(folder).manifest, put)
    with pytest.raises(DamagedRecord, match=told):
        read_manifest(folder)


def test_odd_values_in_results_and_steps_are_damage_or_can_be_printed(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    first, second = RunPaths(folder).episodes()
    deep = json.loads("[" * 200 + "]" * 200)
    changed(first.result, lambda record: record.update(answer="half \ud83d", scores=[]))
    changed(second.result, lambda record: record.update(deep=deep))
    lines = [json.loads(line) for line in second.steps.read_text().splitlines()]
    lines[0]["decision"]["completion"] = []
    second.steps.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = load_run(folder)
    assert [result.answer for result in report.results.values()] == ["half \ufffd"]
    assert "nested deeper than 150 levels" in report.damaged[0]
    assert report.cost_usd is None


@pytest.mark.parametrize("value", [float("nan"), 7.0, -1.0])
def test_a_score_that_is_none_is_damage_and_no_failed_task(value: float, copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    first, second = RunPaths(folder).episodes()
    changed(first.result, lambda record: record.update(value=value))
    changed(second.result, lambda record: record.update(scores=[{"evaluator": "string_match", "value": value}]))
    report = load_run(folder)
    assert not report.results
    assert all("is lost" in told and "value" in told for told in report.damaged)


def test_a_file_in_place_of_the_folder_of_attempts_hides_no_result(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    attempts = RunPaths(folder).folder / "attempts"
    shutil.rmtree(attempts, ignore_errors=True)
    attempts.write_text("")
    assert len(load_run(folder).results) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"wall_s": math.inf},
        {"cost_usd": math.nan},
        {"timings_ms": {"agent": math.nan}},
        {"steps": 10**30},
        {"cached_tokens": -1},
    ],
)
def test_numbers_that_are_none_are_damage(change: dict[str, Any], copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    changed(RunPaths(folder).episodes()[0].result, lambda record: record.update(change))
    report = load_run(folder)
    assert re.search("finite number|than or equal to", report.damaged[0])
    json.dumps(report.as_json(), allow_nan=False)


def test_a_time_of_no_zone_is_damage(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    changed(RunPaths(folder).episodes()[0].result, lambda record: record.update(started_at="2026-01-01T00:00:00"))
    assert "started_at: Input should have timezone info" in load_run(folder).damaged[0]


def test_a_report_knows_the_tasks_or_says_why_not(copy: Callable[[str], Path]) -> None:
    report = load_run(copy("format-1"))
    task_id, _ = report.manifest.planned[0]
    assert [task.task_id for task in [report.task(task_id), report.task(4711)] if task] == [task_id]
    assert report.tasks_fault == ""
    old = load_run(copy("format-0/oracle"))
    assert (old.task(task_id), old.tasks_fault) == (None, "")
    RunPaths(report.folder).tasks.write_text("{}")
    damaged = load_run(report.folder)
    assert damaged.task(task_id) is None
    assert "tasks.jsonl: has changed since the run began" in damaged.tasks_fault


def test_recorded_evidence_that_no_evaluator_wrote_is_told(copy: Callable[[str], Path]) -> None:
    folder = copy("format-1")
    tasks = {task.task_id: task for task in read_tasks(folder) or ()}
    result = next(iter(read_results(folder).values()))
    odd = [score.model_copy(update={"evidence": {"answer": [1], "targets": 7}}) for score in result.scores]
    with pytest.raises(ConfigError, match="the recorded evidence is not what .* can score"):
        rescore(tasks[result.task_id], odd, load_evaluators(ScoringSettings()))


@pytest.mark.parametrize("name", ["format-0/oracle", "format-1"])
def test_a_plan_that_names_a_task_which_the_run_lacks_is_told(name: str, copy: Callable[[str], Path]) -> None:
    folder = copy(name)

    def add(record: dict[str, Any]) -> None:
        record["planned"].append([4711, 0])
        record["task_sites"]["4711"] = "shopping"

    changed(RunPaths(folder).manifest, add)
    with pytest.raises(StoreError, match="manifest.json: plans task 4711, which the tasks of the run lack"):
        prepare_resume(folder)


@pytest.mark.long
@pytest.mark.browser
def test_a_run_of_format_0_is_finished_by_this_version(copy: Callable[[str], Path], invoke: Invoke) -> None:
    folder = copy("format-0/oracle").resolve()
    shutil.copy(FOLDERS / "format-0" / "tasks.json", Path.cwd())
    done = invoke("resume", str(folder))
    assert done.code == 0, done.err
    results = read_results(folder)
    assert {key: result.value for key, result in results.items()} == {(30, 0): 1.0, (60, 0): 1.0}
    assert "format" not in json.loads(RunPaths(folder).episode(60, 0).result.read_text())
    step = next(read_steps(RunPaths(folder).episode(30, 0).folder))
    assert step.acted_on is not None
    assert step.acted_on.line in step.action_text
    assert step.observation.nodes[step.acted_on.element_id].box == step.acted_on.box


@pytest.mark.browser
async def test_a_log_that_cannot_be_written_is_one_clear_error(copy: Callable[[str], Path]) -> None:
    folder = copy("format-0/oracle")
    prepared = prepare_resume(folder)
    log = RunPaths(folder).log
    log.unlink(missing_ok=True)
    log.mkdir()
    with pytest.raises(StoreError, match=r"cannot write .*run\.log: Is a directory"):
        await run(prepared, on_event=lambda event: None, environ={})


@pytest.mark.browser
async def test_what_another_process_finished_meanwhile_is_not_run_again(copy: Callable[[str], Path]) -> None:
    folder = copy("format-0/oracle")
    prepared = prepare_resume(folder)
    assert [(task.task_id, trial) for task, trial in prepared.todo] == [(30, 0)]
    other = RunFolder.reopen(folder, prepared.tasks)
    other.begin(30, 0)
    other.put(make_result(30, value=1.0, answer="of the other process"))
    other.close()

    await run(prepared, on_event=lambda event: None, environ={})
    assert read_results(folder)[30, 0].answer == "of the other process"
    assert not RunPaths(folder).earlier_attempts(30, 0)


def test_results_by_site_and_path_are_what_they_were(tmp_path: Path) -> None:
    shop, admin = "http://127.0.0.1:77", "http://127.0.0.1:77/admin"
    seen = {
        "urls": [f"{shop}/a", f"{admin}/b", f"{shop}80/no", f"see {shop}. Or {shop}?q"],
        "said": f"__SHOPPING__ is what I typed on {shop}",
        "verbatim": {"verbatim": f"{admin}"},
    }
    result = make_result(1, final_url=f"{admin}/x", site_urls={"shopping": shop, "shopping_admin": admin, "map": ""})
    scored = EpisodeResult.model_validate(
        result.model_dump() | {"scores": [{"evaluator": "own", "value": 1.0, "evidence": seen}]}
    )
    run = RunFolder.create(tmp_path / "r1", make_manifest(), [])
    log = run.begin(1, 0)
    run.put(scored)
    run.close()
    assert read_results(run.path) == {(1, 0): scored}
    written = json.loads(AttemptPaths(log.folder).result.read_text())
    assert written["final_url"] == "__SHOPPING_ADMIN__/x"
    assert written["scores"][0]["evidence"]["urls"] == [
        "__SHOPPING__/a",
        "__SHOPPING_ADMIN__/b",
        f"{shop}80/no",
        "see __SHOPPING__. Or __SHOPPING__?q",
    ]


@pytest.mark.parametrize(("provider", "made"), [("embedded", True), ("static", False)])
def test_a_manifest_has_the_version_of_data_that_a_provider_makes(provider: str, made: bool) -> None:
    config, _ = load_run_config(CliOptions(model="oracle", tasks="all", task_set="mini", sites=provider), {})
    loaded = Mini().load()
    versions = {
        manifest_of(
            config, replace(loaded, sha256=sha256), (), run_id="r", prompt_sha256="", profile_overrides=()
        ).sites_data
        for sha256 in (loaded.sha256, loaded.sha256, "other")
    }
    assert len(versions) == (2 if made else 1)
    assert all(len(version) == (64 if made else 0) for version in versions)


def test_a_closed_run_says_in_which_order_its_attempts_began(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "r", make_manifest(), [])
    for task_id, start_s in ((2, 10.0), (1, 20.0), (2, 30.0)):
        log = run.begin(task_id, 0)
        run.put(make_result(task_id, None if start_s == 10 else 1.0, start_s=start_s, attempt=log.attempt))
    run.begin(3, 0)
    run.begin(4, 0)
    run.put(make_result(4))
    changed(RunPaths(run.path).episode(4, 0).result, lambda raw: raw.update(attempt=None))
    assert read_manifest(tmp_path / "r").order == ()
    run.close()
    assert read_manifest(tmp_path / "r").order == ((2, 0, 1), (1, 0, 1), (2, 0, 2))


def test_an_old_result_that_took_for_ever_is_damaged(copy: Callable[[str], Path]) -> None:
    folder = copy("format-0/oracle")
    paths = next(each for each in RunPaths(folder).episodes() if each.result.exists())
    changed(paths.result, lambda raw: raw.update(wall_s=float("inf")))
    with pytest.raises(DamagedRecord, match="is no result of format 0: OverflowError"):
        read_result(paths)
