"""The published benchmarks beside WebArena: their forms of record, their subsets, and what cannot be scored."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.tasksets.records import program_html, record, string_match, url_match
from webarena_runner.errors import SelectionError, TaskFileError
from webarena_runner.evaluators import asks_verified, likeness, load_evaluators, not_scored, require_scorable
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.official.families import FAMILIES, LITE, VERIFIED, VISUAL, Family
from webarena_runner.settings.profiles import load_profile
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.tasksets import load_task_set, profile_of
from webarena_runner.tasksets.fetch import fetch_task_set
from webarena_runner.tasksets.selection import select
from webarena_runner.tasksets.verified import WebArenaVerified
from webarena_runner.tasksets.webarena import VisualWebArena, WebArenaLite

SETS = {LITE.name: WebArenaLite, VISUAL.name: VisualWebArena, VERIFIED.name: WebArenaVerified}


def _ignore(line: str) -> None: ...


def _fetched(folder: Path, family: Family, *records: dict[str, Any], **subsets: list[int]) -> LoadedTasks:
    """The set read from a wheel that holds these records, as anybody's changed copy would."""
    wheel = folder / "some.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(family.tasks.member, json.dumps(records))
        for name, file in family.subsets.items():
            archive.writestr(file.member, json.dumps({"task_ids": subsets.get(name.replace("-", "_"), [])}))
        for picture in family.pictures:
            archive.writestr(picture.member, "a picture")
    fetch_task_set(family.name, str(wheel), folder / "cache", _ignore, allow_modified=True)
    return SETS[family.name](folder / "cache").load(allow_modified=True)


def _ids(expression: str, loaded: LoadedTasks) -> list[int | str]:
    return [task.task_id for task in select(expression, loaded, seed=0)]


def _why(loaded: LoadedTasks, scoring: ScoringSettings = ScoringSettings()) -> str:  # noqa: B008 - frozen
    with pytest.raises(TaskFileError) as told:
        require_scorable(loaded.tasks, load_evaluators(scoring))
    return str(told.value)


def _verified(number: int, *, task_type: str = "retrieve", **changes: Any) -> dict[str, Any]:
    answer = {
        "evaluator": "AgentResponseEvaluator",
        "results_schema": {"type": "null"},
        "expected": {"task_type": task_type, "status": "SUCCESS", "retrieved_data": None},
    }
    event = {"evaluator": "NetworkEventEvaluator", "expected": {"url": "__SHOPPING__/cart", "http_method": "POST"}}
    return {
        "sites": ["shopping", "wikipedia"],
        "task_id": number,
        "intent_template_id": 5,
        "start_urls": ["__SHOPPING__", "__WIKIPEDIA__/A"],
        "intent": "Put a lamp into the cart",
        "intent_template": "Put a {{thing}} into the cart",
        "instantiation_dict": {"thing": "lamp"},
        "eval": [answer, event] if task_type == "mutate" else [answer],
        "revision": 2,
    } | changes


def _visual(number: int, site: str = "shopping", **changes: Any) -> dict[str, Any]:
    own = {"sites": [site], "storage_state": f"./.auth/{site}_state.json", "start_url": f"__{site.upper()}__"}
    easy = {"reasoning_difficulty": "easy", "visual_difficulty": "easy", "overall_difficulty": "easy"}
    return record(number) | own | easy | {"comments": "", "viewport_size": {"width": 1280}} | changes


def test_each_says_which_profile_is_its_own() -> None:
    assert {name: profile_of(load_task_set(name)) for name in FAMILIES} == {
        "webarena": "webarena",
        "webarena-verified": "verified",
        "webarena-lite": "lite",
        "visualwebarena": "visualwebarena",
    }
    for family in (LITE, VISUAL):
        assert load_profile(family.profile).settings.scoring.rules == family.rules


def test_a_verified_record_is_read_with_its_tabs_log_ins_and_checks(tmp_path: Path) -> None:
    loaded = _fetched(tmp_path, VERIFIED, _verified(0), _verified(1, task_type="mutate"), hard=[1], non_hard=[0])
    reads, writes = loaded.tasks
    assert writes.start_urls == ("__SHOPPING__", "__WIKIPEDIA__/A")
    assert writes.login_sites == ("shopping",)
    assert [check.kind for check in writes.checks] == ["agent_response", "network_event"]
    assert (reads.writes, writes.writes, writes.template_id) == (False, True, 5)
    assert (_ids("hard", loaded), _ids("non-hard", loaded), _ids("all & !hard", loaded)) == ([1], [0], [0])
    assert loaded.notes == ()


def test_verified_tasks_are_scored_by_asking_their_package(tmp_path: Path) -> None:
    loaded = _fetched(tmp_path, VERIFIED, _verified(0), _verified(1, task_type="mutate"))
    evaluators = load_evaluators(ScoringSettings())
    require_scorable(loaded.tasks, evaluators)
    assert all(asks_verified(task, evaluators) for task in loaded.tasks)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"eval": []}, "eval: expected a list of at least one check"),
        ({"eval": [{"evaluator": "Guess", "expected": {}}]}, r"eval\[0\].evaluator: expected one of AgentResponse"),
        ({"eval": [{"evaluator": "AgentResponseEvaluator"}]}, r"eval\[0\]: key 'expected' is missing"),
        ({"start_urls": ["ftp://x"]}, r"start_urls\[0\]: expected an address"),
        ({"start_urls": "__SHOPPING__"}, "start_urls: expected a list"),
    ],
)
def test_a_wrong_verified_record_is_refused_alone(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match=told):
        _fetched(tmp_path, VERIFIED, _verified(0), _verified(1, **change))


def test_without_the_files_of_its_subsets_a_set_has_none(tmp_path: Path) -> None:
    plain = tmp_path / "tasks.json"
    plain.write_text(json.dumps([_verified(0)]))
    fetch_task_set(VERIFIED.name, str(plain), tmp_path / "cache", _ignore, allow_modified=True)
    loaded = WebArenaVerified(tmp_path / "cache").load(allow_modified=True)
    with pytest.raises(SelectionError, match="'hard' is no name of tasks in 'webarena-verified'"):
        select("hard", loaded, seed=0)


def test_a_subset_that_names_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match="webarena-verified-hard.json: lists 1 ids that no task has"):
        _fetched(tmp_path, VERIFIED, _verified(0), hard=[0, 7])


def test_lite_tasks_are_found_by_their_old_ids(tmp_path: Path) -> None:
    loaded = _fetched(tmp_path, LITE, record(0, old_task_id=7), record(1, old_task_id=349))
    assert _ids("old:349", loaded) == [1]
    assert _ids("!old:349", loaded) == [0]
    with pytest.raises(SelectionError, match="has no task old:8\n.*\n.*\nits 2 old ids are 7, 349"):
        select("old:8", loaded, seed=0)
    assert loaded.notes == ()


def test_the_odd_records_of_lite_are_read(tmp_path: Path) -> None:
    fuzzy = program_html(locator="document.title", required_contents={"fuzzy_match": ["a", "b"]})
    loaded = _fetched(
        tmp_path,
        LITE,
        record(0, eval=string_match(must_include="yjlou")),
        record(1, eval=fuzzy),
        record(2, eval=string_match(exact_match="N/A")),
        record(3, eval=string_match(fuzzy_match=["N/A"])),
        record(4, eval=url_match()),
    )
    assert [task.judge for task in loaded.tasks] == [False, True, False, True, False]
    require_scorable(loaded.tasks, load_evaluators(load_profile("lite").settings.scoring))
    require_scorable(loaded.tasks, load_evaluators(load_profile("browsergym-lite").settings.scoring))
    assert "program_html: the rules of webarena know no fuzzy_match of a page; 1 of 5" in _why(
        loaded, load_profile("webarena").settings.scoring
    )


def test_the_files_of_visualwebarena_are_subsets_and_pictures_choose(tmp_path: Path) -> None:
    loaded = _fetched(
        tmp_path,
        VISUAL,
        _visual(0, "classifieds", image=None),
        _visual(1, "reddit", image="__HOMEPAGE__/static/a.png"),
        _visual(2, sites=["shopping", "reddit"], image=["__HOMEPAGE__/b.png", "__HOMEPAGE__/c.png"]),
        _visual(3, image=[]),
        _visual(4, viewport_size={"width": 430, "height": 932}, require_reset=True),
    )
    assert (_ids("classifieds", loaded), _ids("reddit", loaded), _ids("shopping", loaded)) == ([0], [1], [2, 3, 4])
    assert _ids("image", loaded) == [1, 2]
    assert _ids("image & site:shopping", loaded) == [2]
    assert [len(task.images) for task in loaded.tasks] == [0, 1, 2, 0, 0]
    wide, phone = loaded.tasks[0].viewport, loaded.tasks[4].viewport
    assert wide is not None
    assert phone is not None
    assert (wide.width, wide.height, phone.width, phone.height) == (1280, None, 430, 932)
    assert [task.reset_before for task in loaded.tasks] == [False] * 4 + [True]
    assert loaded.notes == ()


VISUAL_CHECKS = {
    "one_of": string_match(one_of=["yellow", "gold"], must_include=["1.04"]),
    "values": string_match(required_values=["> 3", "< 700 |OR| == 900"]),
    "without answers": {"eval_types": ["url_match"], "reference_url": "__REDDIT__/f/a", "url_note": "EXACT"},
    "default note": {"eval_types": ["url_match"], "reference_url": "f/gaming |OR| __REDDIT__/f/b"},
    "exclude": program_html(required_contents={"must_exclude": ["$80"]}),
    "both": program_html(required_contents={"must_include": ["a"], "must_exclude": ["b"]}),
    "number": program_html(
        locator="func:shopping_get_order_product_quantity(__page__,'B1 |OR| B2')",
        required_contents={"required_values": ["== 2"]},
    ),
    "judged page": program_html(required_contents={"fuzzy_match": "It flies. |OR| It is up."}),
    "lambda": program_html(
        locator="lambda:(() => { try { return document.title } catch (e) { return '' } })()",
        required_contents={"exact_match": "x"},
    ),
}


@pytest.mark.parametrize("shape", VISUAL_CHECKS)
def test_each_shape_of_check_of_visualwebarena_is_read(shape: str, tmp_path: Path) -> None:
    (task,) = _fetched(tmp_path, VISUAL, _visual(0, eval=VISUAL_CHECKS[shape])).tasks
    assert task.judge is (shape == "judged page")
    assert not not_scored([task], load_evaluators(load_profile("visualwebarena").settings.scoring))
    known_to_webarena = shape == "default note"
    refused = not_scored([task], load_evaluators(load_profile("webarena").settings.scoring))
    assert bool(refused) is not known_to_webarena


@pytest.mark.parametrize(
    ("evaluation", "told"),
    [
        (string_match(required_values=["about 3"]), r"required_values\[0\]: 'about 3': expected one of <=, >="),
        (string_match(required_values=["< cheap"]), r"required_values\[0\]: '< cheap': could not convert"),
        (string_match(most_of=["a"]), "most_of: no rule of this evaluator; known: one_of, required_values"),
        (program_html(required_contents={"must_exclude": ["a |OR| b"]}), "expected a text without"),
        (program_html(required_contents={"fuzzy_match": ["a"]}), "fuzzy_match: expected a text that is not empty"),
        (program_html(locator="lambda: open('/etc/passwd').read()"), r"expected lambda: and then a script such as"),
        (program_html(locator="func:shopping_get_product_price()"), r"shopping_get_product_price\(page\)"),
        (program_html(locator="func:os.system('x')"), "expected one plain call"),
        ({"eval_types": ["url_match"], "reference_url": "__REDDIT__", "url_note": "LIKE"}, "'GOLD in PRED' or 'EXACT'"),
        ({"eval_types": ["string_match"], "rules": "mine"} | string_match(exact_match="a"), "rules: expected one of"),
    ],
)
def test_what_its_code_does_not_know_is_refused(evaluation: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match=told):
        _fetched(tmp_path, VISUAL, _visual(0, eval=evaluation))


def _pictures(**query: Any) -> dict[str, Any]:
    whole = {"eval_image_url": "last", "eval_image_class": ".photos"} | query
    return {"eval_types": ["page_image_query"], "page_image_query": [whole]}


def test_questions_about_pictures_are_scored_where_pictures_can_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _pictures(eval_vqa=[{"question": "Is it red? (yes/no)", "answer": "yes"}])
    alike = _pictures(eval_fuzzy_image_match="https://a.test/a.jpg |OR| __SHOPPING__/b.jpg", ssim_threshold=0.6)
    loaded = _fetched(tmp_path, VISUAL, _visual(0, eval=asked), _visual(1, eval=alike), _visual(2))
    assert (tmp_path / "cache/tasksets/visualwebarena/coco_images/000000515982.jpg").read_text() == "a picture"
    assert [task.judge for task in loaded.tasks] == [True, False, False]
    require_scorable(loaded.tasks, load_evaluators(ScoringSettings()))
    monkeypatch.setattr(likeness, "find_spec", lambda name: None)
    told = _why(loaded)
    assert "page_image_query: comparing pictures needs scikit-image: " in told
    assert told.endswith("leave them out: --tasks '... & !(1)'")


@pytest.mark.parametrize(
    ("evaluation", "told"),
    [
        (_pictures(), "expected eval_vqa or eval_fuzzy_image_match"),
        (_pictures(eval_vqa=[{"question": "?"}]), "key 'answer' is missing"),
        (_pictures(eval_fuzzy_image_match="a", eval_image_class="img"), "a CSS selector that begins with a class"),
        (_pictures(eval_fuzzy_image_match="a", eval_image_url="ftp://a"), "expected an address"),
        (_pictures(eval_fuzzy_image_match="a", ssim_threshold="high"), "ssim_threshold: expected a number"),
    ],
)
def test_a_wrong_question_about_pictures_is_told(evaluation: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match=told):
        _fetched(tmp_path, VISUAL, _visual(0, eval=evaluation))


def test_a_file_of_ones_own_may_say_whose_rules_a_check_is_written_for(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps([record(0, eval={"rules": "visualwebarena"} | string_match(one_of=["a"]))]))
    (task,) = load_task_set(str(path)).load().tasks
    assert task.checks[0].spec["rules"] == "visualwebarena"


# What the published files hold: docs/family.md has these numbers.
PUBLISHED = {
    "webarena": {"tasks": 812, "refused": 0, "not scored": 0, "pictures": 0, "judge": 118},
    "webarena-verified": {"tasks": 812, "refused": 0, "not scored": 812, "pictures": 0, "judge": 0},
    "webarena-lite": {"tasks": 165, "refused": 0, "not scored": 0, "pictures": 0, "judge": 40},
    "visualwebarena": {"tasks": 910, "refused": 0, "not scored": 42, "pictures": 346, "judge": 49},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_record_of_the_published_file_loads(name: str, tmp_path: Path) -> None:
    fetch_task_set(name, None, tmp_path, _ignore)
    sets = {"webarena": type(load_task_set("webarena")), **SETS}
    loaded = sets[name](tmp_path).load()
    assert (loaded.modified, loaded.expected_count, loaded.notes) == (False, len(loaded.tasks), ())
    scoring = load_profile(profile_of(load_task_set(name))).settings.scoring
    refused = not_scored(loaded.tasks, load_evaluators(scoring))
    assert {
        "tasks": len(loaded.tasks),
        "refused": len(loaded.unusable),
        "not scored": len({task.task_id for found in refused.values() for task in found}),
        "pictures": sum(len(task.images) for task in loaded.tasks),
        "judge": sum(task.judge for task in loaded.tasks),
    } == PUBLISHED[name]
    if name == VERIFIED.name:
        assert (len(_ids("hard", loaded)), len(_ids("non-hard", loaded))) == (258, 554)
        assert set(_ids("hard", loaded)) | set(_ids("non-hard", loaded)) == set(range(812))
    if name == LITE.name:
        assert [task.task_id for task in select("old:349", loaded, seed=0)] == [81]
    if name == VISUAL.name:
        assert [len(_ids(site, loaded)) for site in ("classifieds", "reddit", "shopping")] == [234, 210, 466]
        assert len(_ids("image & site:shopping", loaded)) == 171
