"""`wa-run rescore`: by other rules, other checks and what was recorded, without browser, sites or keys."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Invoke
from tests.evaluators.fakes import task_of
from tests.log.records import make_result
from tests.rescoring.runs import Played, write_played
from webarena_runner.evaluators.program_html import HtmlSpec, HtmlTarget
from webarena_runner.evaluators.string_match import StringSpec
from webarena_runner.evaluators.url_match import UrlSpec
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.writing import EpisodeFolders
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import UNSCORED, Failure, Imported, Score

ISSUE = "http://localhost:8023/a/b/-/issues/12"


def exact(answer: str) -> StringSpec:
    return StringSpec(reference_answers={"exact_match": answer})


def fuzzy(*answers: str) -> StringSpec:
    return StringSpec(reference_answers={"fuzzy_match": list(answers)})


def page(url: str, locator: str, *wanted: str) -> HtmlTarget:
    return HtmlTarget(url=url, locator=locator, required_contents={"must_include": list(wanted)})


MIXED = (
    Played(1, [exact("two")], answer="two"),
    Played(2, [UrlSpec(reference_url="__GITLAB__/a/b/-/issues/1")], url=ISSUE),
    Played(3, [StringSpec(reference_answers={"must_include": ["0"]})], answer="$0.00"),
    Played(4, [fuzzy("two minutes")], answer="120 s", judge=["That is not correct."]),
    Played(5, [HtmlSpec(targets=(page("last", "document.body.innerText", "Complete"),))], selected=["Complete"]),
)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "rescored" not in path.parts
    }


def values(done: dict[str, Any]) -> dict[int, float | None]:
    return {each["task_id"]: each["value"] for each in done["episodes"]}


def test_by_its_own_rules_a_run_comes_to_what_it_came_to(workdir: Path, invoke: Invoke) -> None:
    folder = write_played(workdir / "results", MIXED)
    before = snapshot(folder)
    done = invoke("rescore", "r1", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["changed"] == []
    assert values(found) == {1: 1.0, 2: 1.0, 3: 0.0, 4: 1.0, 5: 1.0}
    assert (found["passed_before"], found["passed"], found["name"]) == (4, 4, "again")
    assert snapshot(folder) == before


def test_another_profile_says_what_changed_and_why(workdir: Path, invoke: Invoke) -> None:
    folder = write_played(workdir / "results", MIXED)
    before = snapshot(folder)
    done = invoke("rescore", "r1", "--profile", "strict")
    assert done.code == 0, done.err
    assert "1 -> 0 task 2 trial 0: url_match: 'localhost:8023/a/b/-/issues/12' begins with none of" in done.out
    assert f"    before: url_match: {ISSUE} matches" in done.out
    assert "0 -> 1 task 3 trial 0: string_match: the answer matches" in done.out
    assert "1 -> 0 task 4 trial 0: string_match: the judge said no" in done.out
    assert "4 -> 3 of 5 planned passed (80.0 % -> 60.0 %), 3 changed" in done.out
    assert snapshot(folder) == before
    kept = folder / "rescored" / "strict"
    lines = [json.loads(line) for line in (kept / "episodes.jsonl").read_text().splitlines()]
    assert [line["value"] for line in lines] == [1.0, 0.0, 1.0, 0.0, 1.0]
    assert lines[1]["scores"][0]["evidence"]["final_url"] == "__GITLAB__/a/b/-/issues/12"
    assert json.loads((kept / "rescoring.json").read_text())["passed"] == 3


def test_what_came_to_the_same_is_written_once_and_nothing_is_written_over(workdir: Path, invoke: Invoke) -> None:
    folder = write_played(workdir / "results", MIXED)
    first, second = (invoke("rescore", "r1", "--profile", "strict") for _ in range(2))
    assert f"written to {folder.relative_to(workdir)}/rescored/strict" in first.out
    assert f"as before, in {folder.relative_to(workdir)}/rescored/strict" in second.out
    other = workdir / "strict.yaml"
    other.write_text("scoring: {url_whole_segments: true}\n")
    assert "rescored/strict-2" in invoke("rescore", "r1", "--profile", str(other)).out
    assert sorted(path.name for path in (folder / "rescored").iterdir()) == ["strict", "strict-2"]


def task_file(path: Path, *records: dict[str, Any]) -> str:
    path.write_text(json.dumps(list(records)))
    return str(path)


def record(task_id: int, intent: str = "How many orders are there?", **evaluation: Any) -> dict[str, Any]:
    return {
        "sites": ["shopping"],
        "task_id": task_id,
        "start_url": "__SHOPPING__",
        "intent": intent,
        "eval": {"reference_answers": None, "reference_url": "", "program_html": [], **evaluation},
    }


def html(*targets: tuple[str, str, str]) -> dict[str, Any]:
    found = [
        {"url": url, "locator": locator, "required_contents": {"must_include": [text]}}
        for url, locator, text in targets
    ]
    return {"eval_types": ["program_html"], "program_html": found}


def test_the_checks_of_another_file_are_scored_by_what_was_seen(workdir: Path, invoke: Invoke) -> None:
    text, title = "document.body.innerText", "document.title"
    looks = HtmlSpec(targets=(page("last", text, "Completed"), page("__SHOPPING__/cart", title, "Cart")))
    write_played(
        workdir / "results",
        [
            Played(1, [exact("two")], answer="2"),
            Played(2, [exact("two")], answer="x", url="http://localhost:7770/cart"),
            Played(3, [looks], selected=["Complete", "Cart"]),
            Played(4, [looks], selected=["Complete", "Cart"]),
            Played(5, [looks], selected=["Complete", "Cart"]),
            Played(6, [exact("two")], answer="two"),
            Played(7, [exact("two")], answer="two"),
        ],
    )
    file = task_file(
        workdir / "other.json",
        record(1, eval_types=["string_match"], reference_answers={"must_include": ["2"]}),
        record(2, eval_types=["url_match"], reference_url="__SHOPPING__/cart"),
        record(3, **html(("last", text, "Complete"))),
        record(4, **html(("last", title, "Complete"))),
        record(5, **html(("__SHOPPING__/wishlist", text, "Complete"))),
        record(7, eval_types=["string_match"], reference_answers={"must_includ": ["2"]}),
    )
    done = invoke("rescore", "r1", "--tasks-file", file, "--json")
    assert done.code == 1, done.err
    found = json.loads(done.out)
    assert values(found) == {1: 1.0, 2: 1.0, 3: 1.0, 4: None, 5: None, 6: None, 7: None}
    standings = {each["task_id"]: each["standing"] for each in found["episodes"]}
    assert {standings[4], standings[5], standings[6]} == {"needs_live_check", "not_in_task_file"}
    told = invoke("rescore", "r1", "--tasks-file", file).out
    assert "2 need a live check, since the run has not kept what the check looks at: task 4-5" in told
    assert f"task 4: program_html: target 0 looks at {title} of last, which no check of the run has looked at" in told
    assert "task 5: program_html: target 0 looks at document.body.innerText of __SHOPPING__/wishlist" in told
    assert "2 are not in the task file, or cannot be read there: task 6-7" in told
    assert "must_includ: no rule of this evaluator" in told


def test_a_verdict_on_another_question_is_none(workdir: Path, invoke: Invoke) -> None:
    write_played(workdir / "results", [Played(1, [fuzzy("two")], answer="2", judge=["correct"])])
    same = {"eval_types": ["string_match"], "reference_answers": {"fuzzy_match": ["two"]}}
    kept = invoke("rescore", "r1", "--tasks-file", task_file(workdir / "a.json", record(1, **same)), "--json")
    assert values(json.loads(kept.out)) == {1: 1.0}
    changed = task_file(workdir / "b.json", record(1, "How many orders were there?", **same))
    done = invoke("rescore", "r1", "--tasks-file", changed)
    assert done.code == 1
    assert "1 need a judge's verdict that was not recorded (--judge NAME): task 1" in done.out


def test_evidence_without_the_addresses_of_the_sites_needs_a_live_check(workdir: Path, invoke: Invoke) -> None:
    folder = write_played(workdir / "results", [MIXED[1], MIXED[0]])
    path = RunPaths(folder).episode(2, 0).result
    raw = json.loads(path.read_text())
    raw["scores"][0]["evidence"]["urls"] = {}
    path.write_text(json.dumps(raw))
    done = invoke("rescore", "r1")
    assert done.code == 1, done.err
    assert "task 2: url_match: __GITLAB__ in '__GITLAB__/a/b/-/issues/1' needs the URL of 'gitlab'" in done.out
    assert "task 2 trial 0: cannot be scored again: url_match: " in invoke("verify", str(folder)).err


def test_errors_stay_errors_and_evidence_that_an_older_version_did_not_keep_is_told(
    workdir: Path, invoke: Invoke
) -> None:
    episodes = [Played(task_id, [exact("two")], answer="two") for task_id in (1, 2, 3)]
    looks = HtmlSpec(targets=(page("last", "document.title", "Cart"),))
    folder = write_played(workdir / "results", [*episodes, Played(4, [looks], selected=["Cart"])])
    store = EpisodeFolders(folder)
    store.put(make_result(1, None, failure=Failure(error_class="site", message="down", traceback="", may_retry=True)))
    RunPaths(folder).episode(2, 0).result.unlink()
    RunPaths(folder).episode(3, 0).result.write_text("{")
    old = json.loads(RunPaths(folder).episode(4, 0).result.read_text())
    old["scores"][0]["evidence"] = {}
    RunPaths(folder).episode(4, 0).result.write_text(json.dumps(old))
    done = invoke("rescore", "r1")
    assert done.code == 1
    assert "is damaged: no JSON" in done.err
    assert "1 ended in an error, which no re-scoring mends: task 1" in done.out
    assert "2 did not run: task 2-3" in done.out
    assert "1 need a live check" in done.out
    assert "1 -> 0 of 4 planned passed" in done.out


def test_an_episode_that_only_lacked_a_judge_needs_one(workdir: Path, invoke: Invoke) -> None:
    write_played(workdir / "results", [Played(1, [fuzzy("two")], answer="2"), Played(2, [exact("a")], answer="a")])
    done = invoke("rescore", "r1")
    assert done.code == 1
    assert "1 need a judge's verdict that was not recorded (--judge NAME): task 1" in done.out


@pytest.mark.parametrize(
    ("rules", "names"), [("official|strict", ("official", "strict")), ("webarena, strict", ("webarena", "strict"))]
)
def test_rules_are_shown_side_by_side(rules: str, names: tuple[str, str], workdir: Path, invoke: Invoke) -> None:
    opened = HtmlSpec(targets=(page("__SHOPPING__/cart", "document.title", "Cart"),))
    unjudged = Played(7, [fuzzy("two")], answer="2")
    folder = write_played(workdir / "results", [*MIXED, Played(6, [opened], selected=["Cart"]), unjudged])
    done = invoke("rescore", "r1", "--rules", rules, "--json")
    assert done.code == 1, done.err
    found = json.loads(done.out)
    assert found["differing"] == [[2, 0], [3, 0], [4, 0]]
    assert {name: found["rules"][name]["passed"] for name in names} == dict(zip(names, (5, 4), strict=True))
    assert found["rules"]["strict"] == {"passed": 4, "open": 1, "caveats": 1}
    assert found["episodes"][6]["strict"]["standing"] == "needs_judge"
    told = invoke("rescore", "r1", "--rules", rules).out
    rows = {line.split()[0]: line.split()[1:3] for line in told.splitlines() if line.strip()}
    assert (rows["2"], rows["3"], rows["4"]) == (["1", "0"], ["0", "1"], ["1", "0"])
    assert (rows["passed"], rows["-"]) == (["5", "4"], ["1", "1"])
    assert "by strict: 1 scores, marked *, are for what the run saw" in told
    assert not (folder / "rescored").exists()


def test_a_run_by_corrected_rules_is_seen_by_the_official_ones(workdir: Path, invoke: Invoke) -> None:
    scoring = ScoringSettings(url_whole_segments=True)
    write_played(workdir / "results", [MIXED[1]], scoring=scoring)
    found = json.loads(invoke("rescore", "r1", "--profile", "webarena", "--json").out)
    assert (found["passed_before"], found["passed"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rules", "|"], "--rules |: expected different names"),
        (["--rules", "official|webarena"], "expected different names"),
        (["--rules", "verified"], "'test' are not in webarena-verified's form"),
        (["--rules", "official", "--all"], "--all is about several --rules"),
        (["--rules", "official|lenient"], "lenient: no such file in configs/profiles"),
        (["--rules", "official|strict", "--profile", "strict"], "--rules and --profile exclude each other"),
        (["--max-cost", "1"], "--max-cost is about a judge; add --judge NAME"),
        (["--dry-run"], "--dry-run is about a judge"),
        (["--judge", "gpt9"], "unknown model 'gpt9'"),
        (["--tasks-file", "none.json"], "none.json"),
        (["--tasks-file", "none.json", "--errata"], "--tasks-file and --errata exclude each other"),
        (["--errata"], "none are known of task set 'test'"),
        (["--profile", "none"], "none: no such file in configs/profiles"),
    ],
)
def test_bad_input_is_one_error_and_nothing_is_written(
    arguments: list[str], message: str, workdir: Path, invoke: Invoke
) -> None:
    folder = write_played(workdir / "results", MIXED[:1])
    done = invoke("rescore", "r1", *arguments)
    assert done.code == 2
    assert message in done.err
    assert not (folder / "rescored").exists()


def test_a_run_that_planned_nothing_is_scored_again_without_a_rate(workdir: Path, invoke: Invoke) -> None:
    write_played(workdir / "results", ())
    done = invoke("rescore", "r1")
    assert (done.code, done.err) == (0, "")
    assert "0 -> 0 of 0 planned passed (no rate), 0 changed" in done.out


def test_another_environment_scores_in_its_own_way(workdir: Path, invoke: Invoke) -> None:
    """Its scores are not those of the checks that the tasks have."""
    folder = write_played(workdir / "results", MIXED[:1])
    path = RunPaths(folder).episode(1, 0).result
    raw = json.loads(path.read_text())
    raw["scores"][0]["evaluator"] = "reward"
    path.write_text(json.dumps(raw))
    done = invoke("rescore", "r1")
    assert done.code == 1
    assert "environment 'browser' has scored it in a way of its own" in done.out


def test_an_imported_run_is_scored_by_its_answers_and_claims_are_no_evidence(workdir: Path, invoke: Invoke) -> None:
    """Nobody has kept what pages showed; the answers are there, also of a trace that nobody has scored."""
    looks = HtmlSpec(targets=(page("last", "document.title", "Cart"),))
    unknown = task_of(task_id=4)
    episodes = [
        Played(1, [exact("two")], answer="two"),
        Played(2, [exact("two")], answer="two"),
        Played(3, [looks], selected=["Cart"]),
        Played(4, task=unknown),
    ]
    imported = Imported(kind="official", source="gpt4", sha256="x")
    folder = write_played(workdir / "results", episodes, imported=imported)
    store = EpisodeFolders(folder)
    claim = (Score(evaluator="official_harness", value=0.0),)
    for task_id in (1, 3, 4):
        store.put(make_result(task_id, 0.0, answer="two" if task_id == 1 else "", scores=claim))
    unscored = Failure(error_class=UNSCORED, message="a trace has no score", traceback="", may_retry=False)
    store.put(make_result(2, None, failure=unscored))
    done = invoke("rescore", "r1", "--json")
    assert done.code == 1
    assert values(json.loads(done.out)) == {1: 1.0, 2: 1.0, 3: None, 4: None}
    verified = invoke("verify", str(folder))
    assert verified.code == 1
    assert "imported from gpt4: for its 3 scores there is no evidence" in verified.err
    reproduced = invoke("reproduce", "r1")
    assert reproduced.code == 2
    assert "was imported from gpt4" in reproduced.err
