"""The `--tasks` grammar: meaning, laws, and errors that point at the place."""

import contextlib
import random
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.log.records import make_manifest, make_result
from tests.tasksets.records import loaded as load
from tests.tasksets.records import program_html, record, url_match, write
from webarena_runner.errors import SelectionError
from webarena_runner.interfaces import LoadedTasks
from webarena_runner.log.writing import RunFolder
from webarena_runner.settings.records import TaskChoice
from webarena_runner.tasksets.selection import SELECTION_HELP, choose, choose_task_set, parse_shard, select
from webarena_runner.types import TaskId

SITES = (["shopping"], ["gitlab", "reddit"], ["map"], ["reddit"])


@pytest.fixture
def tasks(tmp_path: Path) -> LoadedTasks:
    """Tasks 0-39, in falling order of ids; sites, templates and evaluators in turn."""
    kinds = ({}, {"eval": url_match()}, {"eval": program_html()})
    return load(tmp_path, *(record(n, sites=SITES[n % 4], **kinds[n % 3]) for n in reversed(range(40))))


def _ids(expression: str, tasks: LoadedTasks, *, seed: int = 0) -> list[int]:
    return [task.task_id for task in select(expression, tasks, seed=seed)]


def _set(expression: str, tasks: LoadedTasks, *, seed: int = 0) -> set[int]:
    """Like select, with the empty set where nothing fits."""
    try:
        return set(_ids(expression, tasks, seed=seed))
    except SelectionError as error:
        if "no task of 'tasks' fits" not in str(error):
            raise
        return set()


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("all", set(range(40))),
        ("tasks", set(range(40))),
        ("7", {7}),
        ("0-3,9 , 9", {0, 1, 2, 3, 9}),
        ("site:map", set(range(2, 40, 4))),
        ("template:11", set(range(1, 40, 3))),
        ("eval:program_html", set(range(2, 40, 3))),
        ("site:reddit & eval:url_match", {n for n in range(40) if n % 2 == 1 and n % 3 == 1}),
        ("1,2&site:map", {1, 2}),
        ("(1,2)&site:map", {2}),
        ("!1-39", {0}),
        ("!!7", {7}),
        ("!(!7)", {7}),
        ("0-9 & !site:map & !eval:string_match", {1, 4, 5, 7, 8}),
    ],
)
def test_meaning(expression: str, chosen: set[int], tasks: LoadedTasks) -> None:
    assert _set(expression, tasks) == chosen


def test_tasks_come_in_file_order_and_once(tasks: LoadedTasks) -> None:
    assert _ids("3,0-5,3", tasks) == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    "expression", ["0-39&site:map", " 0-39 & site:map ", "( 0-39 )&(site:map)", "0-39\t&\nsite:map"]
)
def test_blanks_and_parentheses_mean_nothing(expression: str, tasks: LoadedTasks) -> None:
    assert _set(expression, tasks) == _set("site:map", tasks)


def test_id_files(tasks: LoadedTasks, tmp_path: Path) -> None:
    path = tmp_path / "my ids.txt"
    path.write_text("\ufeff# chosen by hand\n3\n5, 7 # two\n\n10-12\n")
    assert _set(f'@"{path}"', tasks) == {3, 5, 7, 10, 11, 12}
    assert _set(f'@"{path}" & !5', tasks) == {3, 7, 10, 11, 12}


# --- samples ----------------------------------------------------------------------------------------------------------


def test_a_sample_is_of_all_or_of_what_the_rest_leaves(tasks: LoadedTasks) -> None:
    assert len(_ids("sample:9", tasks)) == 9
    for expression in ("site:map & sample:4", "sample:4 & site:map", "site:map & (sample:4)"):
        chosen = _set(expression, tasks)
        assert len(chosen) == 4
        assert chosen < _set("site:map", tasks)


def test_a_sample_depends_on_the_seed_alone(tasks: LoadedTasks) -> None:
    assert _ids("sample:9", tasks, seed=1) == _ids("sample:9", tasks, seed=1)
    assert len({tuple(_ids("sample:9", tasks, seed=seed)) for seed in range(20)}) > 15


def test_a_smaller_sample_is_part_of_a_larger_one(tasks: LoadedTasks) -> None:
    for count in range(1, 40):
        assert _set(f"sample:{count}", tasks) < _set(f"sample:{count + 1}", tasks)


def test_a_sample_and_its_complement_split_what_they_are_drawn_from(tasks: LoadedTasks) -> None:
    drawn, rest = _set("site:map & sample:4", tasks), _set("site:map & !sample:4", tasks)
    assert drawn | rest == _set("site:map", tasks)
    assert not drawn & rest


def test_every_task_is_drawn_about_equally_often(tasks: LoadedTasks) -> None:
    counts = dict.fromkeys(range(40), 0)
    for seed in range(400):
        for task_id in _ids("sample:10", tasks, seed=seed):
            counts[task_id] += 1
    assert all(60 < count < 140 for count in counts.values())


# --- laws -------------------------------------------------------------------------------------------------------------


def _random_expression(choose: random.Random, depth: int) -> str:
    if depth == 0:
        low = choose.randrange(40)
        leaves = [
            "all",
            str(low),
            f"{low}-{choose.randrange(low, 40)}",
            "site:map",
            "site:reddit",
            "template:11",
            "eval:url_match",
        ]
        return choose.choice(leaves)
    parts = [_random_expression(choose, depth - 1) for _ in range(choose.randint(1, 3))]
    joined = choose.choice([",", "&", " , ", " & "]).join(f"({part})" for part in parts)
    return choose.choice(["", "", "!"]) + f"({joined})"


@pytest.mark.parametrize("seed", range(40))
def test_random_expressions_obey_the_laws_of_sets(seed: int, tasks: LoadedTasks) -> None:
    choose = random.Random(seed)
    a, b, c = (_random_expression(choose, choose.randrange(4)) for _ in range(3))
    everything = set(range(40))
    got_a, got_b, got_c = (_set(part, tasks) for part in (a, b, c))
    assert _set(f"({a}),({b})", tasks) == got_a | got_b
    assert _set(f"({a})&({b})", tasks) == got_a & got_b
    assert _set(f"!({a})", tasks) == everything - got_a
    assert _set(f"!(({a}),({b}))", tasks) == _set(f"!({a}) & !({b})", tasks)
    assert _set(f"({a}),({b})&({c})", tasks) == got_a | (got_b & got_c)
    assert _set(f"({a})&({b}),({c})", tasks) == (got_a & got_b) | got_c


@pytest.mark.parametrize("seed", range(300))
def test_random_text_is_chosen_from_or_refused_but_never_crashes(seed: int, tasks: LoadedTasks) -> None:
    choose = random.Random(seed)
    pieces = [
        "all",
        "0-9",
        "7",
        ",",
        "&",
        "!",
        "(",
        ")",
        " ",
        "site:map",
        "site:",
        "sample:3",
        "@",
        '"',
        "-",
        "x",
        "é",
        "\t",
        "9-1",
        "99",
    ]
    expression = "".join(choose.choice(pieces) for _ in range(choose.randrange(1, 9)))
    with contextlib.suppress(SelectionError):
        assert _ids(expression, tasks)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "told", "column"),
    [
        ("", "empty expression", 0),
        ("   ", "empty expression", 0),
        ("1,", "found the end", 2),
        (",1", "found ','", 0),
        ("1 & & 2", "found '&'", 4),
        ("1 2", "expected ',' (or), '&' (and) or the end", 2),
        ("(1,2", "this '(' is never closed", 0),
        ("(1 2)", "expected ',' (or), '&' (and) or ')'", 3),
        ("1)", "this ')' closes nothing", 1),
        ("()", "found ')'", 1),
        ("9-3", "runs backwards; did you mean 3-9?", 0),
        ("3-", "'3-' is no id, range, name or filter", 0),
        ("-3", "'-3' is no id", 0),
        ("1,sites:map", "'sites:map' is no id, range, name or filter", 2),
        ("site:", "'site:' is no id", 0),
        ("template:x", "template: takes a number, found 'x'", 0),
        ("sample:-1", "sample: takes a number", 0),
        ("1 @", "'@' has no meaning here", 2),
        ("gitlab", "'gitlab' is no name of tasks in 'tasks'", 0),
        ("smoke", "'smoke' is no name of tasks", 0),
        ("1 & site:gitlap", "no task of 'tasks' has site:gitlap", 4),
        ("eval:string", "no task of 'tasks' has eval:string", 0),
        ("template:99", "has no template 99", 0),
        ("sample:0", "cannot draw 0 of 40 tasks", 0),
        ("site:map & sample:11", "cannot draw 11 of 10 tasks", 11),
        ("0-5,44,50-60,38-41", "has no task 40-41, 44, 50-60", 4),
        ("0-99999999999999999", "has no task 40-99999999999999999", 0),
        ("!77", "has no task 77", 1),
        ("@absent.txt", "absent.txt cannot be read: No such file", 0),
        ("(" * 60 + "1" + ")" * 60, "more than 50 parentheses inside each other", 50),
    ],
)
def test_errors_show_the_place(expression: str, told: str, column: int, tasks: LoadedTasks) -> None:
    with pytest.raises(SelectionError) as caught:
        select(expression, tasks, seed=0)
    message, shown, mark, *_ = str(caught.value).split("\n")
    assert told in message
    assert shown == f"  {expression}"
    assert mark.index("^") == 2 + column


@pytest.mark.parametrize(
    ("expression", "known"),
    [
        ("site:x", "known here: gitlab, map, reddit, shopping"),
        ("eval:x", "known here: program_html, string_match, url_match"),
        ("template:99", "its 3 template ids are 10-12"),
        ("99", "its 40 ids are 0-39"),
        ("x", "names are all, tasks, image, mini, smoke; filters are site:NAME"),
        ("x:y", "examples: all"),
    ],
)
def test_errors_list_what_is_there(expression: str, known: str, tasks: LoadedTasks) -> None:
    with pytest.raises(SelectionError, match=known):
        select(expression, tasks, seed=0)


def test_an_empty_result_is_an_error(tasks: LoadedTasks) -> None:
    with pytest.raises(SelectionError, match="no task of 'tasks' fits\n  1 & 2"):
        select("1 & 2", tasks, seed=0)


@pytest.mark.parametrize(
    ("content", "told"), [("1\nx2\n", "line 2: 'x2' is no id"), ("# none\n", "names no id"), ("9-1", "line 1")]
)
def test_wrong_id_files_are_told_with_the_line(content: str, told: str, tasks: LoadedTasks, tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(content)
    with pytest.raises(SelectionError, match=told):
        select(f"@{path}", tasks, seed=0)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("map", "'map' is no name of tasks in 'tasks'; did you mean site:map?"),
        ("gitlap", "did you mean site:gitlab?"),
        ("url-match", "did you mean eval:url_match?"),
        ("smokey", "did you mean smoke?"),
        ("site:map and site:reddit", "write '&' for 'and'"),
        ("(1 OR 2)", "write ',' for 'OR'"),
        ("not 7", "write '!' for 'not'"),
        ("1 || 2", "write ',' for '||'"),
        ("1 && 2", "one '&' is enough"),
    ],
)
def test_what_people_write_instead_is_told_as_it_should_be(expression: str, told: str, tasks: LoadedTasks) -> None:
    with pytest.raises(SelectionError) as refused:
        select(expression, tasks, seed=0)
    assert told in str(refused.value)


# --- by what became of tasks in an earlier run ------------------------------------------------------------------------


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The run `r 1`: tasks passed, failed, failed once, errored once, not run, errored and failed; two trials each."""
    folder = tmp_path / "runs" / "r 1"
    planned = [(task_id, trial) for trial in (0, 1) for task_id in range(1, 7)]
    values = {1: (1, 1), 2: (0, 0.5), 3: (1, 0), 4: (1, None), 6: (None, 0)}
    manifest = make_manifest("r1", task_set="tasks", planned=planned, task_sites=dict.fromkeys("123456", "map"))
    with closing(RunFolder.create(folder, manifest, [])) as run:
        for task_id, of_trials in values.items():
            for trial, value in enumerate(of_trials):
                run.begin(task_id, trial)
                run.put(make_result(task_id, value, trial=trial))
    return folder


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ('failed:"r 1"', {2, 3, 6}),
        ('errored:"r 1"', {4, 5, 6}),
        ('passed:"r 1"', {1}),
        ('failed:"r 1",errored:"r 1"', {2, 3, 4, 5, 6}),
        ('1-4 & !failed:"r 1"', {1, 4}),
    ],
)
def test_tasks_by_what_became_of_them(expression: str, chosen: set[int], tasks: LoadedTasks, earlier: Path) -> None:
    for written in (expression, expression.replace("r 1", str(earlier))):
        found = {task.task_id for task in select(written, tasks, seed=0, runs=earlier.parent)}
        assert found == chosen


def test_the_task_set_is_that_of_the_run(earlier: Path) -> None:
    assert choose_task_set(f'failed:"{earlier}"', "webarena") == "tasks"
    with pytest.raises(SelectionError, match="of the task set 'tasks', not of 'other.json'"):
        choose_task_set(f'failed:"{earlier}"', "other.json")


def test_a_run_that_is_not_there_or_of_other_tasks_is_refused(tasks: LoadedTasks, earlier: Path) -> None:
    with pytest.raises(SelectionError, match="r2: no run folder .* the latest in .*runs: r 1"):
        select("failed:r2", tasks, seed=0, runs=earlier.parent)
    other = LoadedTasks("other", tasks.tasks, tasks.sha256, tasks.source)
    with pytest.raises(SelectionError, match="is of 'tasks', not of 'other'"):
        select(f'failed:"{earlier}"', other, seed=0)


# --- a part of what is chosen -----------------------------------------------------------------------------------------


def test_shards_are_together_what_is_chosen_and_each_has_its_part_of_every_site(tmp_path: Path) -> None:
    records = [record(n, sites=["map"] if n < 8 else ["reddit"]) for n in range(16)]
    path = str(write(tmp_path / "own.json", records))

    def chosen(**part: Any) -> list[TaskId]:
        _, tasks = choose(TaskChoice(task_set=path, expression="!15", **part), seed=0)
        return [task.task_id for task in tasks]

    assert chosen(limit=6) == list(range(6))
    assert chosen(limit=99) == list(range(15))
    assert [chosen(limit=6, shard=(part, 4)) for part in (1, 2, 3, 4)] == [[0, 4], [1, 5], [2], [3]]
    assert chosen(shard=(2, 2)) == list(range(1, 15, 2))
    with pytest.raises(SelectionError, match="--shard 3/4: nothing is left for it, 2 tasks are chosen"):
        chosen(limit=2, shard=(3, 4))


@pytest.mark.parametrize("text", ["", "4", "0/4", "5/4", "1/0", "a/b", "1/4/2", "-1/4"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(SelectionError, match="expected K/N"):
        parse_shard(text)


# --- which task set ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "default", "task_set"),
    [
        ("all", "webarena", "webarena"),
        ("0-9 & site:map", "webarena", "webarena"),
        ("mini", "webarena", "mini"),
        ("smoke & !site:reddit", "webarena", "mini"),
        ("mini & sample:3", "my/tasks.json", "mini"),
        ("smoke,3", "mini", "mini"),
        ("all", "mini", "mini"),
    ],
)
def test_mini_and_smoke_choose_the_embedded_set(expression: str, default: str, task_set: str) -> None:
    assert choose_task_set(expression, default) == task_set


@pytest.mark.parametrize("expression", ["smoke,3", "mini & 0-9", "mini,all", "@ids.txt,smoke"])
def test_mini_beside_ids_of_another_set_is_refused(expression: str) -> None:
    with pytest.raises(SelectionError, match="is it of 'mini' or of 'webarena'"):
        choose_task_set(expression, "webarena")


def test_subsets_are_names(tasks: LoadedTasks) -> None:
    with_subset = LoadedTasks("mini", tasks.tasks, tasks.sha256, tasks.source, subsets={"smoke": (3, 4)})
    assert _set("smoke", with_subset) == {3, 4}
    assert _set("mini & !smoke", with_subset) == set(range(40)) - {3, 4}


def test_the_help_shows_expressions_that_can_be_read() -> None:
    examples = re.split(r"\s{3,}", " \n".join(SELECTION_HELP.splitlines()[-2:]).strip())
    assert len(examples) == 4
    for example in examples:
        choose_task_set(example.strip(), "webarena")


def test_official_tasks_are_chosen_as_counted(shared: Path) -> None:
    from webarena_runner.tasksets.file import load_task_file

    official = load_task_file(shared / "data" / "webarena" / "test.raw.json")
    assert len(_ids("site:gitlab", official)) == 204
    assert len(_ids("site:gitlab & eval:program_html", official)) == 134
    assert len(_ids("all & !eval:string_match", official)) == 477
    assert len(_ids("site:wikipedia, site:map", official)) == 134


@pytest.fixture
def named(tmp_path: Path) -> LoadedTasks:
    """Tasks with numbers and texts for ids; one text is what an expression could be, another a word."""
    return load(tmp_path, *(record(1) | {"task_id": each} for each in (3, "cart:7", 4, "all & !3", "login", "5-6")))


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ('"cart:7"', ["cart:7"]),
        ('3,"5-6"', [3, "5-6"]),
        ('"all & !3"', ["all & !3"]),
        ("3-4", [3, 4]),
        ('all & !("login","cart:7")', [3, 4, "all & !3", "5-6"]),
        ('@"ids.txt"', ["cart:7", 4, "5-6"]),
    ],
)
def test_ids_that_are_texts_go_into_quotes(
    expression: str, chosen: list[int | str], named: LoadedTasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ids.txt").write_text('"cart:7", 4  # a number and a text\n"5-6"\n')
    assert [task.task_id for task in select(expression, named, seed=0)] == chosen


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('"cart:8"', """'tasks' has no task "cart:8".*\\n.*its 6 ids are 3-4, "5-6", "all & !3", "cart:7", "login\""""),
        ("cart:7", "'cart:7' is no id, range, name or filter.*an id that is a text goes into double quotes"),
        ("login", """'login' is no name of tasks.*(?s:.*)the task of this id is "login", in double quotes"""),
        ("5-6", "has no task 5-6"),
    ],
)
def test_an_id_that_is_no_text_of_the_set_is_told_with_the_way_to_write_one(
    expression: str, told: str, named: LoadedTasks
) -> None:
    with pytest.raises(SelectionError, match=f"(?s){told}"):
        select(expression, named, seed=0)
