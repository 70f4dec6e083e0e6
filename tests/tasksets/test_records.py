"""Official records become tasks; what is wrong with one is told with its place."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tasksets.records import loaded, program_html, record, string_match, url_match, write
from webarena_runner.errors import ConfigError, SelectionError, TaskFileError
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.official.families import WEBARENA
from webarena_runner.tasksets import load_task_set
from webarena_runner.tasksets.file import load_task_file
from webarena_runner.tasksets.keys import require_done
from webarena_runner.tasksets.selection import select
from webarena_runner.types import Check, Geolocation, Task, TaskId, Viewport


@pytest.fixture(scope="module")
def official_set(shared: Path) -> LoadedTasks:
    return load_task_file(shared / "data" / "webarena" / "test.raw.json")


@pytest.fixture(scope="module")
def official(official_set: LoadedTasks) -> Mapping[int, Task]:
    return {task.task_id: task for task in official_set.tasks}


@pytest.fixture(scope="module")
def official_notes(official_set: LoadedTasks) -> tuple[str, ...]:
    return official_set.notes


def chosen(expression: str, tasks: LoadedTasks) -> list[TaskId]:
    return [task.task_id for task in select(expression, tasks, seed=0)]


def test_the_official_file_has_the_counted_contents(official: Mapping[int, Task], shared: Path) -> None:
    assert list(official) == list(range(812))
    kinds = Counter(tuple(check.kind for check in task.checks) for task in official.values())
    assert kinds == {
        ("string_match",): 325,
        ("program_html",): 282,
        ("url_match", "program_html"): 129,
        ("url_match",): 66,
        ("string_match", "url_match"): 10,
    }
    checks = [check for task in official.values() for check in task.checks]
    assert sum(len(check.spec.get("targets", ())) for check in checks) == 651
    unachievable = [c for c in checks if c.spec.get("reference_answers", {}).get("fuzzy_match") == "N/A"]
    assert len(unachievable) == 36
    assert all(check.spec["string_note"] for check in unachievable)
    logins = Counter(task.login_sites for task in official.values())
    assert logins == {
        ("shopping",): 187,
        ("gitlab",): 186,
        ("shopping_admin",): 182,
        (): 128,
        ("reddit",): 111,
        ("gitlab", "reddit"): 18,
    }
    assert len(official[431].start_urls) == 3
    assert len({task.template_id for task in official.values()}) == 190


def test_records_are_kept_verbatim(official: Mapping[int, Task], shared: Path) -> None:
    records = json.loads((shared / "data" / "webarena" / "test.raw.json").read_bytes())
    assert [task.raw for task in official.values()] == records


def test_official_anomalies_are_kept(official: Mapping[int, Task]) -> None:
    alternatives = {"reference_answers": {"must_include": ["65 |OR| 3"]}, "string_note": ""}
    assert official[386].checks == (Check(kind="string_match", spec=alternatives),)
    assert [check.kind for check in official[247].checks] == ["string_match"]
    assert official[231].intent != official[231].intent.strip()
    assert official[759].login_sites == ()
    assert official[174].checks[1].spec["reference_url"] == official[174].raw["eval"]["reference_url"]


def test_the_checksum_is_that_of_the_official_file(official_set: LoadedTasks) -> None:
    assert official_set.sha256 == WEBARENA.sha256
    assert official_set.unusable == ()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"task_id": "3"}, "task_id: expected an integer, or a text that is no number, .*, found '3'"),
    ({"task_id": True}, "task_id: expected an integer, found True"),
    ({"task_id": ""}, "task_id: expected an integer, or a text of 1 to 200 characters"),
    ({"task_id": "a b "}, "task_id: expected an integer, or a text that is no number"),
    ({"task_id": 'a"b'}, "task_id: expected an integer, or a text that is no number, without quotes"),
    ({"require_reset": "no"}, "require_reset: expected true or false, found 'no'"),
    ({"depends_on": 3}, "depends_on: expected a list, found 3"),
    ({"depends_on": [7]}, r"\(task 0\): depends_on: expected ids of other tasks of this file, found 7"),
    ({"image": [1]}, r"image\[0\]: expected a text that is not empty, found 1"),
    ({"task_id": -1}, "task_id: expected an integer of at least 0, and of 18 digits at most, found -1"),
    ({"task_id": 10**18}, "task_id: expected an integer of at least 0, and of 18 digits at most"),
    ({"intent": "half \ud800 a character"}, "holds half a character"),
    ({"weight": float("nan")}, "holds NaN or Infinity"),
    ({"deep": json.loads("[" * 120 + "]" * 120)}, "nested deeper than 100 levels"),
    ({"geolocation": {"latitude": 91, "longitude": 0}}, "geolocation.latitude: .* less than or equal to 90, found 91"),
    ({"geolocation": [1, 2]}, "geolocation: .*found"),
    ({"viewport_size": {"width": 0}}, "viewport_size.width: .* greater than or equal to 1, found 0"),
    ({"viewport_size": {"depth": 1}}, "viewport_size.depth: Extra inputs are not permitted"),
    ({"intent": " "}, "intent: expected a text that is not empty"),
    ({"sites": "shopping"}, "sites: expected a list, found 'shopping'"),
    ({"sites": []}, "sites: expected a list of at least one text"),
    ({"sites": ["shop"]}, r"sites\[0\]: expected one of the sites reddit, .*, found 'shop'"),
    ({"storage_state": "gitlab"}, r"storage_state: expected null, or a file such as ./.auth/SITE"),
    ({"start_url": "file:///etc/passwd"}, "start_url: expected an address that begins with http://"),
    ({"start_url": "__SHOPPING__ |AND| file:///etc/passwd"}, "start_url: expected an address .*found 'file:///etc/pas"),
    ({"start_url": "view-source:http://127.0.0.1/"}, "start_url: expected an address"),
    ({"start_url": "data:text/html,x"}, "start_url: expected an address"),
    ({"start_url": "javascript:alert(1)"}, "start_url: expected an address"),
    ({"start_url": "__SHOPPING__.other.example/"}, "start_url: expected an address"),
    ({"start_url": "__SHOPPING__@other.example/"}, "start_url: expected an address"),
    ({"start_url": "http://__SHOPPING__/"}, "start_url: expected an address"),
    ({"start_url": "__SHOPPING__/a\\b"}, "start_url: .* without backslashes and control characters"),
    ({"start_url": "fi\nle:///etc/passwd"}, "start_url: .* without backslashes and control characters"),
    ({"start_url": "localhost:7770"}, "start_url: expected an address"),
    ({"storage_state": "./.auth/foo_state.json"}, "storage_state: expected one of the sites"),
    ({"start_url": None}, "start_url: expected a text that is not empty, found None"),
    ({"intent_template_id": 1.5}, "intent_template_id: expected an integer, found 1.5"),
    ({"eval": []}, "eval: expected a mapping, found"),
    ({"eval": {}}, "eval: key 'eval_types' is missing; found none"),
    ({"eval": {"eval_types": []}}, "eval.eval_types: expected a list of at least one"),
    (
        {"eval": {"eval_types": ["page_image"]}},
        r"eval_types\[0\]: expected one of the evaluators agent_.* program_html, string_.* or one of a plug-in",
    ),
    ({"eval": {"eval_types": ["string_match"]}}, "eval: key 'reference_answers' is missing; found eval_types"),
    ({"eval": string_match()}, "reference_answers: expected a mapping with exact_match, must_include or fuzzy_match"),
    ({"eval": string_match(exact_match=3)}, "reference_answers.exact_match: expected a text, found 3"),
    ({"eval": string_match(must_include="a")}, "reference_answers.must_include: expected a list, found 'a'"),
    ({"eval": string_match(must_include=[1])}, r"must_include\[0\]: expected a text, found 1"),
    ({"eval": string_match(fuzzy_match="n/a")}, "fuzzy_match: expected 'N/A' or a list of texts, found 'n/a'"),
    ({"eval": string_match(one_of=["a"])}, "reference_answers.one_of: no rule of this evaluator; known: exact_match"),
    ({"eval": url_match("")}, "eval.reference_url: expected a text that is not empty"),
    (
        {"eval": url_match("__REDDIT__/f/books |OR| http://[h/a")},
        "reference_url: 'http://.h/a' is malformed: Invalid IPv6",
    ),
    ({"eval": url_match(url_note="EXACT")}, "eval.url_note: expected 'GOLD in PRED', found 'EXACT'"),
    ({"eval": program_html(url="")}, r"eval.program_html\[0\].url: expected a text that is not empty"),
    ({"eval": program_html(url="func:go()")}, r"program_html\[0\].url: 'go' is no helper for a url; known: reddit_get"),
    ({"eval": program_html(url="function")}, r"program_html\[0\].url: expected one plain call"),
    ({"eval": program_html(locator="window.x")}, r"locator: expected an empty text, or one that starts with document"),
    ({"eval": program_html(locator="func:os.system('x')")}, "locator: expected one plain call"),
    (
        {"eval": program_html(url="file:///etc/passwd")},
        r"program_html\[0\].url: expected an address that begins with http",
    ),
    ({"eval": program_html(url="func:reddit_get_post_url('file:///f/a/1')")}, r"\[0\].url: expected an address"),
    (
        {"eval": program_html(locator="document.location.assign('file:///etc/passwd')")},
        r"locator: expected an address .*found 'file:///etc/passwd'",
    ),
    (
        {"eval": program_html(locator="document.title", prep_actions=["window.open('view-source:http://a/')"])},
        r"prep_actions\[0\]: expected an address",
    ),
    ({"eval": program_html(required_contents={})}, "required_contents: expected a mapping with exact_match or must"),
    ({"eval": program_html(required_contents={"exact_match": 1})}, "exact_match: expected a text, found 1"),
    ({"eval": program_html(required_contents={"must_exclude": ["a"]})}, "must_exclude: no rule of this evaluator"),
    ({"eval": program_html(prep_actions="x")}, r"prep_actions: expected a list, found 'x'"),
    ({"eval": program_html() | {"program_html": []}}, "program_html: expected a list of at least one target"),
]


@pytest.mark.parametrize(("change", "told"), WRONG, ids=[told[:60] for _, told in WRONG])
def test_a_wrong_record_is_told_with_file_task_and_key(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match=rf"tasks.json: record 0.*{told}"):
        loaded(tmp_path, record(**change))


def test_the_task_of_a_wrong_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match=r"record 1 \(task 41\): key 'intent' is missing; found task_id, eval"):
        chosen("all", loaded(tmp_path, record(40), {"task_id": 41, "eval": string_match(exact_match="1")}))


def test_ids_must_differ(tmp_path: Path) -> None:
    tasks = loaded(tmp_path, record(5), record(6), record(5))
    for expression in ("all", "5"):
        with pytest.raises(TaskFileError, match="record 2: task_id 5 is already that of record 0"):
            chosen(expression, tasks)
    assert chosen("6", tasks) == [6]


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    wrong = record(3, intent="", start_url="file:///", eval=string_match(must_include="a") | {"eval_types": ["x"]})
    with pytest.raises(TaskFileError) as error:
        chosen("all", loaded(tmp_path, record(1), wrong, {"task_id": "no sites"}, record(2, sites=["shop"])))
    told = str(error.value)
    assert "8 faults in 3 of 4 records" in told
    assert [line.partition(": ")[2].partition(": ")[0] for line in told.splitlines()[1:-1]] == [
        *["record 1 (task 3)"] * 3,
        *["record 2 (task no sites)"] * 4,
        "record 3 (task 2)",
    ]
    assert told.splitlines()[-1] == """correct the file, or choose the 1 others: --tasks 'all & !(3,"no sites",2)'"""


def test_records_that_are_not_chosen_need_not_be_right(shared: Path, tmp_path: Path) -> None:
    tasks = load_task_file(shared / "cases" / "tasks-one-bad-record.json")
    assert chosen("0,2", tasks) == [0, 2]
    assert chosen("all & !(1,3)", tasks) == [0, 2]
    for expression, ids in {"1": "1", "all": "1,3", "eval:program_html": "3", "sample:4": "1,3"}.items():
        with pytest.raises(TaskFileError) as error:
            chosen(expression, tasks)
        assert re.findall(r"\(task (\d)\)", str(error.value)) == ids.split(","), expression
    nameless = loaded(tmp_path, record(1), {"intent": "x"}, 7)
    assert chosen("1", nameless) == [1]
    with pytest.raises(TaskFileError, match=r"record 1: key 'task_id' is missing[\s\S]*record 2: expected a mapping"):
        chosen("all", nameless)


def test_a_record_without_template_is_of_no_template(shared: Path, tmp_path: Path) -> None:
    tasks = load_task_file(shared / "cases" / "tasks-no-template-id.json")
    assert [task.template_id for task in tasks.tasks] == [None]
    with pytest.raises(SelectionError, match="its records have no intent_template_id"):
        chosen("template:1", tasks)
    some = loaded(tmp_path, record(1, intent_template_id=None), record(2))
    assert chosen("template:12", some) == [2]


def test_an_empty_start_page_is_a_blank_one(tmp_path: Path) -> None:
    assert loaded(tmp_path, record(start_url="")).tasks[0].start_urls == ()


@pytest.mark.parametrize(
    ("state", "sites"),
    [
        (None, ()),
        ("", ()),
        ("./.auth/shopping_state.json", ("shopping",)),
        ("/home/me/auth/gitlab.reddit_state.json", ("gitlab", "reddit")),
        ("C:\\auth\\shopping_admin_state.json", ("shopping_admin",)),
        ("reddit_state.json", ("reddit",)),
    ],
)
def test_the_state_file_may_be_in_any_folder(state: str | None, sites: tuple[str, ...], tmp_path: Path) -> None:
    assert loaded(tmp_path, record(storage_state=state)).tasks[0].login_sites == sites


def test_what_a_page_is_told_comes_from_the_record(shared: Path, tmp_path: Path) -> None:
    tasks = load_task_file(shared / "cases" / "tasks-keys-that-change-the-task.json").tasks
    assert [task.images for task in tasks] == [("pictures/plant.png",), (), (), ()]
    assert [task.geolocation for task in tasks] == [None, None, Geolocation(latitude=12.5, longitude=41.9), None]
    assert [task.viewport for task in tasks] == [None, None, None, Viewport(width=800, height=600)]
    assert loaded(tmp_path, record(viewport_size={"width": 1280})).tasks[0].viewport == Viewport(width=1280)


def test_keys_that_nobody_reads_are_listed_once_a_file(tmp_path: Path, official_notes: tuple[str, ...]) -> None:
    tasks = loaded(tmp_path, record(1, max_steps=3, image=[], comments="x"), record(2, max_steps=3, locale="it"))
    assert tasks.notes == (
        f"{tmp_path / 'tasks.json'}: keys that are not read: 'max_steps' (2 of 2 records), 'locale' (1 of 2 records)",
    )
    assert official_notes == ()


def test_tasks_are_refused_whose_keys_ask_for_what_is_not_done(shared: Path) -> None:
    tasks = load_task_file(shared / "cases" / "tasks-keys-that-change-the-task.json").tasks
    with pytest.raises(TaskFileError) as error:
        require_done(tasks, ignored=())
    assert "image: pictures" in str(error.value)
    assert "policies: rules" in str(error.value)
    assert "--ignore-keys image,policies" in str(error.value)
    with pytest.raises(TaskFileError, match="--ignore-keys policies"):
        require_done(tasks, ignored=["image"])
    with pytest.raises(TaskFileError, match="--ignore-keys policies"):
        require_done(tasks, ignored=(), takes_images=True)
    require_done(tasks, ignored=["image", "policies"])
    require_done(tasks[2:], ignored=())
    with pytest.raises(ConfigError, match="--ignore-keys picture: expected some of image, policies"):
        require_done(tasks, ignored=["picture"])


def test_malformed_json_is_told_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text('[\n  {"task_id": 1 x}\n]')
    with pytest.raises(TaskFileError, match=r"tasks.json, line 2, column 17: not JSON"):
        load_task_file(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{}", "expected a JSON list of at least one task record .*, found {}"),
        (b'[{"task_id": ' + b"9" * 5000 + b"}]", "tasks.json, line 1: a number of 5000 digits"),
        (b'\n\n[[{"a": ' + b"-" + b"9" * 5000 + b"}]]", "tasks.json, line 3: a number of 5000 digits"),
        (b"[]", "expected a JSON list of at least one task record"),
        (b"[1]", "record 0: expected a mapping, found 1"),
        (b"\xff\xfe", "expected UTF-8 text"),
        (b"[" * 100_000, "nested too deep"),
        (b"", "line 1, column 1: not JSON"),
        (b"\x1f\x8b\x08 and so on", "broken gzip data"),
        (b'{"task_id": 1}\n{"task_id": 2 x}\n', "tasks.json, line 2, column 15: not JSON"),
    ],
)
def test_a_file_that_holds_no_records_is_told(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_bytes(content)
    with pytest.raises(TaskFileError, match=told):
        load_task_file(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match=r"absent\.json: the task file cannot be read: No such file"):
        load_task_file(tmp_path / "absent.json")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([record()]).encode())
    assert len(load_task_file(path).tasks) == 1


def test_a_users_own_file_is_a_task_set_by_its_path(tmp_path: Path) -> None:
    path = write(tmp_path / "my-tasks.json", [record(1), record(2, storage_state=None, extra_key={"kept": True})])
    task_set = load_task_set(str(path))
    assert task_set.name == "my-tasks"
    tasks = task_set.load().tasks
    assert [task.task_id for task in tasks] == [1, 2]
    assert tasks[1].raw["extra_key"] == {"kept": True}
    assert (tasks[0].task_set, tasks[0].login_sites, tasks[1].login_sites) == ("my-tasks", ("shopping",), ())


def test_a_task_says_what_it_may_do(tmp_path: Path) -> None:
    first = record(1, eval=program_html(), require_reset=True, image="./front.png")
    second = record(2, eval=string_match(fuzzy_match=["3"]), depends_on=[1], image=["a.png", "b.png"])
    pages, judged = loaded(tmp_path, first, second | {"task_id": "two"}).tasks
    assert (pages.writes, pages.judge, pages.reset_before, pages.depends_on) == (True, False, True, ())
    assert (judged.writes, judged.judge, judged.reset_before, judged.depends_on) == (False, True, False, (1,))
    assert (pages.images, judged.images) == (("./front.png",), ("a.png", "b.png"))
    assert judged.task_id == "two"


def test_of_the_official_tasks_411_may_write_and_the_fuzzy_ones_need_a_judge(official: Mapping[int, Task]) -> None:
    assert sum(task.writes for task in official.values()) == 282 + 129
    fuzzy = [task.task_id for task in official.values() if "fuzzy_match" in json.dumps(task.raw["eval"])]
    assert [task.task_id for task in official.values() if task.judge] == fuzzy
    assert not any(task.reset_before or task.depends_on or task.images for task in official.values())
