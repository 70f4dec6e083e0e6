"""Runs held against each other: what is a pair, how sure a difference is, and what makes it mean nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.log.records import make_manifest, make_result, make_task, write_run
from webarena_runner.errors import StoreError, UsageError
from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.paths import RunPaths
from webarena_runner.report.comparison.difference import interval_of, mcnemar_of, verdict_of
from webarena_runner.report.comparison.pairs import Cluster, Pair
from webarena_runner.report.comparison.runs import Comparison, compare_runs
from webarena_runner.types import Imported, RunManifest, Score, Verdict

OUTCOMES = (make_result(1, 0.0), make_result(1, 1.0))


def pairs_of(outcomes: Iterable[tuple[Cluster, int, int]]) -> list[Pair]:
    """Of (cluster, value in the first run, value in the second), each a task of its own."""
    return [
        Pair((task_id, 0), "shopping", cluster, OUTCOMES[first], OUTCOMES[second])
        for task_id, (cluster, first, second) in enumerate(outcomes)
    ]


def run_of(out: Path, run_id: str, values: dict[int, float | None], **changes: Any) -> Path:
    """A run that planned these tasks; those of no value have not run, None is an error."""
    return write_run(out, manifest_of(run_id, values, **changes), [make_result(*each) for each in values.items()])


def manifest_of(run_id: str, task_ids: Iterable[int], **changes: Any) -> RunManifest:
    manifest = make_manifest(run_id, tuple(task_ids))
    config = _merged(manifest.config, changes.pop("config", {}))
    return manifest.model_copy(update={"config": config, "config_sha256": sha256_of_json(config)} | changes)


def _merged(config: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _merged(config.get(key) or {}, changes[key])
        if isinstance(changes.get(key), dict)
        else changes.get(key, config.get(key))
        for key in config.keys() | changes.keys()
    }


def compared(*folders: Path) -> Comparison:
    return compare_runs(folders).comparisons[0]


def test_what_an_imported_run_does_not_say_of_its_settings_is_no_difference(tmp_path: Path) -> None:
    ours = run_of(tmp_path, "a", {1: 1.0}, versions={"python": "3.11"}, config={"settings": {"workers": 4}})
    came = Imported(kind="official", source="results_gpt4", sha256="0")
    theirs = run_of(tmp_path, "b", {1: 0.0}, imported=came, model="gpt4")
    assert [row.what for row in compare_runs([ours, theirs]).differences] == ["model"]


def test_pairs_are_counted_by_who_passes_and_what_has_no_two_scores_is_left_out_and_said(tmp_path: Path) -> None:
    first = run_of(tmp_path, "a", {1: 1.0, 2: 1.0, 3: 0.0, 4: 0.0, 5: 1.0, 6: None})
    values = {1: 1.0, 2: 0.0, 3: 1.0, 4: 0.0, 5: None}
    second = write_run(tmp_path, manifest_of("b", range(1, 8)), [make_result(*each) for each in values.items()])
    found = compared(first, second)
    said = found.as_json()
    assert {key: said[key] for key in ("pairs", "both", "only_first", "only_second", "neither")} == {
        "pairs": 4,
        "both": 1,
        "only_first": 1,
        "only_second": 1,
        "neither": 1,
    }
    assert said["unscored"] == [
        {"first": "scored", "second": "errored", "pairs": 1},
        {"first": "errored", "second": "not run", "pairs": 1},
    ]
    assert said["only_planned"] == {"first": [], "second": [[7, 0]]}
    assert said["difference"] == 0
    assert (said["errors_as_not_passed"]["pairs"], said["errors_as_not_passed"]["difference"]) == (5, -0.2)
    assert [(each["passes"], each["task_id"]) for each in said["flipped"]] == [("first", 2), ("second", 3)]


def test_sites_add_up_to_all(tmp_path: Path) -> None:
    values = {task_id: float(task_id % 3 == 0) for task_id in range(1, 9)}
    found = compared(run_of(tmp_path, "a", values), run_of(tmp_path, "b", dict.fromkeys(values, 1.0)))
    assert list(found.by_site) == ["reddit", "shopping"]
    assert sum(each.tally.pairs for each in found.by_site.values()) == found.scored.tally.pairs == 8
    assert sum(each.tally.only_second for each in found.by_site.values()) == found.scored.tally.only_second == 6


def test_the_same_folders_have_the_same_interval_and_the_other_order_its_mirror(tmp_path: Path) -> None:
    first = run_of(tmp_path, "a", {task_id: float(task_id % 2) for task_id in range(40)})
    second = run_of(tmp_path, "b", {task_id: float(task_id % 3 > 0) for task_id in range(40)})
    one, again, back = (compared(*each).scored.interval for each in ((first, second), (first, second), (second, first)))
    assert one is not None
    assert back is not None
    assert one == again
    assert (one.low, one.high) == pytest.approx((-back.high, -back.low), abs=0.03)


def test_tasks_of_one_template_are_resampled_together() -> None:
    outcomes = [(task_id // 5, int(task_id // 5 % 2 == 0), int(task_id // 5 % 3 == 0)) for task_id in range(150)]
    together = interval_of(pairs_of((("template", template), *values) for template, *values in outcomes))
    apart = interval_of(pairs_of((("task", n), *values) for n, (_, *values) in enumerate(outcomes)))
    assert together is not None
    assert apart is not None
    assert (together.clusters, together.units, apart.clusters, apart.units) == (30, "templates", 150, "tasks")
    # Five tasks that are one: the variance is five times that of tasks apart.
    assert (together.high - together.low) / (apart.high - apart.low) == pytest.approx(5**0.5, rel=0.1)


@pytest.mark.parametrize(("clusters", "least"), [(50, 0.92), (20, 0.91)])
def test_the_interval_holds_the_true_difference_about_as_often_as_it_says(clusters: int, least: float) -> None:
    rng, held, tries = np.random.default_rng(7), 0, 200
    for _ in range(tries):
        # Templates that are mostly easy or mostly hard; the second run is 5 points better at each, at four tasks each.
        easy = rng.beta(0.6, 1.2, clusters) * 0.95
        tasks = [
            (("template", template), int(rng.random() < rate), int(rng.random() < rate + 0.05))
            for template, rate in enumerate(easy)
            for _ in range(4)
        ]
        interval = interval_of(pairs_of(tasks))
        held += interval is not None and interval.low <= 0.05 <= interval.high
    print(held / tries)
    assert held / tries >= least


def test_mcnemar_is_exact_and_of_two_equal_runs_says_nothing() -> None:
    equal = mcnemar_of(pairs_of([(("task", n), n % 2, n % 2) for n in range(10)]))
    assert (equal.first, equal.second, equal.p_value) == (0, 0, 1.0)
    # Two-sided binomial: 2 * (C(9,0) + C(9,1)) / 2**9.
    one_of_nine = mcnemar_of(pairs_of([(("task", n), int(n > 0), int(n == 0)) for n in range(9)]))
    assert (one_of_nine.first, one_of_nine.second) == (8, 1)
    assert one_of_nine.p_value == pytest.approx(20 / 512)


def test_of_several_trials_a_task_counts_once_for_mcnemar(tmp_path: Path) -> None:
    folders = []
    for run_id, passed in (("a", {1: 3, 2: 1, 3: 2}), ("b", {1: 0, 2: 1, 3: 3})):
        planned = tuple((task_id, trial) for trial in range(3) for task_id in passed)
        manifest = manifest_of(run_id, passed).model_copy(update={"planned": planned})
        results = [make_result(task_id, float(trial < passed[task_id]), trial=trial) for task_id, trial in planned]
        folders.append(write_run(tmp_path, manifest, results))
    found = compared(*folders)
    assert (found.scored.tally.pairs, found.trials) == (9, True)
    assert (found.mcnemar.first, found.mcnemar.second) == (1, 1)


@pytest.mark.parametrize(
    ("flipped", "tasks", "verdict"), [(4, 12, "unclear"), (6, 12, "worse"), (7, 200, "worse"), (0, 200, "unclear")]
)
def test_of_few_tasks_a_difference_is_shown_only_where_both_ways_say_so(flipped: int, tasks: int, verdict: str) -> None:
    pairs = pairs_of([(("task", n), 1, int(n >= flipped)) for n in range(tasks)])
    assert verdict_of(interval_of(pairs), mcnemar_of(pairs)) == verdict
    back = pairs_of([(("task", n), int(n >= flipped), 1) for n in range(tasks)])
    assert verdict_of(interval_of(back), mcnemar_of(back)) == verdict.replace("worse", "better")


def test_one_template_has_no_interval_and_equal_runs_have_a_point() -> None:
    assert interval_of(pairs_of([(("template", 1), 0, 1), (("template", 1), 1, 0)])) is None
    equal = interval_of(pairs_of([(("task", n), 1, 1) for n in range(30)]))
    assert equal is not None
    assert (equal.low, equal.high, equal.is_point) == (0, 0, True)


def test_what_differs_is_told_by_the_keys_that_say_it(tmp_path: Path) -> None:
    model = {"name": "m", "model": "org/m", "backend": "openai_chat", "options": {"base_url": "http://127.0.0.1:1"}}
    first = run_of(tmp_path, "a", {1: 1.0}, config={"model": model}, model="m", versions={"chromium": "150"})
    other = {
        "model": model | {"options": {"base_url": "http://127.0.0.1:2"}},
        "settings": {"limits": {"max_steps": 15}},
    }
    second = run_of(tmp_path, "b", {1: 1.0}, config=other, model="m", versions={"chromium": "151"}, prompt_sha256="q")
    found = compare_runs([first, second])
    assert [(each.what, each.values) for each in found.differences] == [
        ("prompt_sha256", ("p", "q")),
        ("versions.chromium", ("150", "151")),
        ("config.model.options.base_url", ("http://127.0.0.1:1", "http://127.0.0.1:2")),
        ("config.settings.limits.max_steps", (None, 15)),
    ]
    assert found.comparisons[0].warnings == []


JUDGED = Score(
    evaluator="string_match",
    value=1.0,
    verdicts=(Verdict(kind="fuzzy", reference="x", reply="correct", score=1.0, judge="gpt", cached=False),),
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config": {"settings": {"scoring": {"url_whole_segments": True}}}}, "scored by other rules: scoring.url_wh"),
        ({"sites": "static"}, "the sites are embedded and static"),
        ({"sites_data": "2"}, "one run does not say of which version the data of its sites was"),
        ({"environment": "other"}, "the environments are browser and other"),
        ({"task_set": "webarena"}, "the task sets are mini and webarena: only tasks with the same record in both"),
        (
            {"config": {"tasks": {"ignore_keys": ["image"]}}},
            "played without what --ignore-keys names: nothing and image",
        ),
        ({"judge": "gpt"}, "the judges are none and gpt, and 1 of the pairs were decided by one"),
    ],
)
def test_runs_that_are_not_comparable_are_told_so_and_what_to_do(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    first = run_of(tmp_path, "a", {1: 1.0, 2: 0.0})
    judged = [make_result(1, scores=(JUDGED,)), make_result(2)]
    tasks = [make_task(1), make_task(2)]
    second = write_run(tmp_path, manifest_of("b", (1, 2), **changes), judged, tasks)
    (warning,) = compared(first, second).warnings
    assert said in warning
    assert "run both" in warning


def test_a_rule_that_an_earlier_version_did_not_have_is_off_there(tmp_path: Path) -> None:
    first = run_of(tmp_path, "a", {1: 1.0}, sites_data="1")
    rules = {"scoring": {"judge_skip_thoughts": False, "page_checks": "agent_tab"}}
    second = run_of(tmp_path, "b", {1: 1.0}, sites_data="2", config={"settings": rules})
    (warning,) = compared(first, second).warnings
    assert "the data of the sites is of two versions" in warning


def test_a_judge_that_decided_nothing_is_no_reason_to_warn(tmp_path: Path) -> None:
    assert compared(run_of(tmp_path, "a", {1: 1.0}), run_of(tmp_path, "b", {1: 1.0}, judge="gpt")).warnings == []


def test_a_task_that_was_changed_is_named(tmp_path: Path) -> None:
    first = run_of(tmp_path, "a", {1: 1.0, 2: 1.0})
    tasks = [make_task(1), make_task(2, intent="another")]
    second = write_run(tmp_path, manifest_of("b", (1, 2), task_set_sha256="u"), [make_result(1)], tasks)
    found = compared(first, second)
    assert len(found.paired.pairs) == 2
    assert found.warnings == [
        "the task files are not the same, and task (2) have another record in each: they may ask for something else; "
        "run both on one file"
    ]


def test_a_folder_of_another_file_without_its_tasks_cannot_be_checked(tmp_path: Path) -> None:
    first = run_of(tmp_path, "a", {1: 1.0, 2: 1.0})
    second = run_of(tmp_path, "b", {1: 1.0, 2: 1.0}, task_set_sha256="u")
    RunPaths(second).tasks.write_text("{}")
    found = compare_runs([first, second])
    assert "whether the tasks are the same cannot be told" in found.comparisons[0].warnings[0]
    assert "tasks.jsonl: has changed" in found.as_json()["runs"][1]["damaged"][0]
    assert found.comparisons[0].scored.tally.pairs == 2


def test_a_damaged_result_counts_as_not_run_and_is_told(tmp_path: Path) -> None:
    first, second = run_of(tmp_path, "a", {1: 1.0, 2: 1.0}), run_of(tmp_path, "b", {1: 1.0, 2: 1.0})
    RunPaths(second).episode(2, 0).result.write_text("{")
    found = compare_runs([first, second])
    assert found.comparisons[0].paired.unscored == {("scored", "not run"): 1}
    assert "2.0/result.json" in found.as_json()["runs"][1]["damaged"][0]


def test_the_same_ids_in_another_set_are_other_tasks(tmp_path: Path) -> None:
    first = run_of(tmp_path, "a", {1: 1.0, 2: 1.0})
    second = write_run(
        tmp_path,
        manifest_of("b", (1, 2), task_set="webarena"),
        [make_result(1)],
        [make_task(each, task_set="webarena", intent="another") for each in (1, 2)],
    )
    with pytest.raises(UsageError, match=r"no task in common: a has 2 tasks of mini, b has 2 tasks of webarena; 2 ids"):
        compare_runs([first, second])


def test_runs_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    first, second = run_of(tmp_path, "a", {1: 1.0}), run_of(tmp_path, "b", {2: 1.0})
    with pytest.raises(UsageError, match="have no task in common: a has 1 tasks of mini, b has 1 tasks of mini. Runs"):
        compare_runs([first, second])
    with pytest.raises(UsageError, match="1 run.s. given: expected 2 to 26"):
        compare_runs([first])
    with pytest.raises(UsageError, match="a is given twice"):
        compare_runs([first, second, tmp_path / "b" / ".." / "a"])
    RunPaths(second).manifest.write_text("{")
    with pytest.raises(StoreError, match=r"b/manifest\.json"):
        compare_runs([first, second])


def test_further_runs_are_held_against_the_first_and_against_each_other(tmp_path: Path) -> None:
    values = ({1: 1.0, 2: 1.0}, {1: 1.0, 2: 0.0}, {1: 0.0, 2: 0.0})
    found = compare_runs([run_of(tmp_path, name, each) for name, each in zip("xyz", values, strict=True)])
    assert [each.scored.tally.difference for each in found.comparisons] == [-0.5, -1.0]
    assert {key: each.scored.tally.difference for key, each in found.matrix.items()} == {
        ("A", "B"): -0.5,
        ("A", "C"): -1.0,
        ("B", "C"): -0.5,
    }
