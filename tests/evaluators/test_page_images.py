"""Queries about pictures on a page, against what the code of VisualWebArena gives (`likeness.json`)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.evaluators.fakes import GOLDEN_URLS, Page, SayingJudge, SayingModel
from tests.evaluators.made_pictures import PICTURES, made
from webarena_runner.errors import DamagedRecord, NoPicture, PictureMissing, TaskFileError
from webarena_runner.evaluators import likeness as likeness_module
from webarena_runner.evaluators import score
from webarena_runner.evaluators.again import rescore, score_again
from webarena_runner.evaluators.combine import asked as ask_judge
from webarena_runner.evaluators.judge import ModelJudge
from webarena_runner.evaluators.likeness import likeness
from webarena_runner.evaluators.page_images import ImagesSpec, PageImageQuery
from webarena_runner.interfaces import EpisodeEnd, JudgeReply, SiteLease
from webarena_runner.official.node import Node
from webarena_runner.pictures import KeptPictures, PictureSource, read_picture
from webarena_runner.settings.records import ScoringSettings
from webarena_runner.types import Check, Score, Task

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("likeness.json").read_text("utf-8"))
SITE = GOLDEN_URLS["shopping"]
STRICT = ScoringSettings(all_image_queries=True, whole_words=True)


class Viewer(SayingJudge):
    """Says of each picture what is said of it."""

    def __init__(self, replies: Mapping[str, str]) -> None:
        super().__init__([])
        self._of = {read_picture(made(name), name).for_models(): reply for name, reply in replies.items()}

    async def ask(
        self, kind: str, *, intent: str, reference: str, answer: str, pictures: tuple[bytes, ...] = ()
    ) -> JudgeReply:
        self.asked.append((kind, reference, answer))
        return JudgeReply(self._of[pictures[0]], cached=False)


def served(request: httpx.Request) -> httpx.Response:
    name = request.url.path.rpartition("/")[2]
    return httpx.Response(200, content=made(name)) if name in PICTURES else httpx.Response(int(name))


def record(query: Mapping[str, Any], index: int) -> dict[str, Any]:
    named = " |OR| ".join(f"__SHOPPING__/{name}" for name in query.get("alike", "").split(" |OR| ") if name)
    asked = [{"question": question, "answer": answer} for question, answer in query.get("asked", [])]
    return {
        "eval_image_url": f"__SHOPPING__/{index}" if index else "last",
        "eval_image_class": ".x",
        **({"eval_fuzzy_image_match": named} if named else {}),
        **({"eval_vqa": asked} if asked else {}),
        **({"ssim_threshold": query["threshold"]} if "threshold" in query else {}),
    }


def read(queries: list[dict[str, Any]]) -> ImagesSpec:
    return PageImageQuery.read(Node("test", "", {"rules": "visualwebarena", "page_image_query": queries}))


def task_of(spec: ImagesSpec) -> Task:
    check = Check(kind="page_image_query", spec=spec.model_dump(mode="json"))
    texts: dict[str, Any] = {"task_set": "test", "task_id": 1, "intent": "Post it.", "raw": {}}
    return Task(**texts, sites=("shopping",), start_urls=("__SHOPPING__",), login_sites=(), checks=(check,))


async def scored(
    spec: ImagesSpec,
    pages: list[list[str]],
    *,
    replies: Mapping[str, str] | None = None,
    scoring: ScoringSettings = ScoringSettings(),  # noqa: B008 - frozen
    folder: Path | None = None,
) -> tuple[Score, Viewer]:
    source = PictureSource(transport=httpx.MockTransport(served))
    page = Page(answers=[[f"/{name}" for name in names] for names in pages])
    judge = Viewer(replies or {})
    end = EpisodeEnd(task_of(spec), "", SiteLease(GOLDEN_URLS), page, pictures=KeptPictures(folder), source=source)
    _, (found,) = await score(end.task, end, {"page_image_query": PageImageQuery(scoring)}, judge)
    return found, judge


@pytest.mark.parametrize(("one", "other", "recorded"), RECORDED["pairs"])
def test_likeness_is_that_of_the_published_code(one: str, other: str, recorded: float) -> None:
    assert likeness(made(one), made(other)) == pytest.approx(recorded, abs=1e-6)


def test_a_tall_picture_is_compared_in_parts_that_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = likeness(made("scene-large"), made("noise"))
    monkeypatch.setattr(likeness_module, "_BAND", 17)
    assert likeness(made("scene-large"), made("noise")) == pytest.approx(whole, abs=1e-9)
    assert np.isfinite(whole)


@pytest.mark.parametrize("case", RECORDED["cases"])
async def test_scores_are_those_of_the_published_code(case: dict[str, Any]) -> None:
    spec = read([record(query, index) for index, query in enumerate(case["queries"])])
    found, _ = await scored(spec, case["pages"], replies=case.get("replies"))
    assert found.value == case["score"]


async def test_a_picture_with_a_malformed_address_is_passed_over() -> None:
    found, _ = await scored(read([record({"alike": "red"}, 0)]), [["/[x", "red"]])
    assert found.value == 1


@pytest.mark.parametrize(
    ("queries", "pages", "replies"),
    [
        ([{"alike": "red"}, {"alike": "red"}], [["noise"], ["red"]], {}),
        ([{"asked": [["Is it red?", "no"]]}], [["red"]], {"red": "I cannot know"}),
    ],
)
async def test_strict_corrects_what_the_published_code_lets_pass(
    queries: list[dict[str, Any]], pages: list[list[str]], replies: dict[str, str]
) -> None:
    spec = read([record(query, index) for index, query in enumerate(queries)])
    assert (await scored(spec, pages, replies=replies))[0].value == 1
    assert (await scored(spec, pages, replies=replies, scoring=STRICT))[0].value == 0


async def test_pictures_are_kept_and_score_again_without_a_server(tmp_path: Path) -> None:
    asked = {"asked": [["Is it red? (yes/no)", "yes"]], "alike": "noise |OR| red"}
    spec = read([record(asked, 0)])
    found, judge = await scored(spec, [["red"]], replies={"red": "yes"}, folder=tmp_path)
    for name in ("red", "noise"):
        assert KeptPictures(tmp_path).read(read_picture(made(name), "").file_name).data == made(name)
    value, (again,) = rescore(task_of(spec), [found], {"page_image_query": PageImageQuery(STRICT)})
    assert (value, again.verdicts[0].reply) == (1, "yes")
    assert len(judge.asked) == 1
    kept = KeptPictures(tmp_path)
    (tmp_path / judge.asked[0][1].partition(":")[0]).write_bytes(made("scene"))
    with pytest.raises(DamagedRecord, match="is not the picture that was kept"):
        kept.read(judge.asked[0][1].partition(":")[0])


async def test_a_model_that_sees_is_shown_each_picture_once(tmp_path: Path) -> None:
    model = SayingModel("Yes, a red one.")
    for _ in range(2):
        judge = ModelJudge(model, "eyes", tmp_path)
        reply = await judge.ask(
            "picture", intent="Is it red?", reference="p: Is it red?", answer="yes", pictures=[b"p"]
        )
    ((messages, _),) = model.requests
    assert (messages[1].images, reply.cached) == ((b"p",), True)
    assert "Is it red?" in messages[1].content


async def test_another_judge_is_shown_the_kept_picture(tmp_path: Path) -> None:
    asked = {"asked": [["Is it red? (yes/no)", "yes"]]}
    spec = read([record(asked, 0)])
    found, _ = await scored(spec, [["scene-few"]], replies={"scene-few": "no"}, folder=tmp_path)
    # A GIF, which models may not take.
    picture = KeptPictures(tmp_path).read(found.evidence["queries"][0]["pictures"][0]["file"])
    model = SayingModel("Yes")
    scoring = score_again(task_of(spec), [found.evidence], {"page_image_query": PageImageQuery()})
    verdict = await ask_judge(ModelJudge(model, "eyes", None), next(scoring), "", KeptPictures(tmp_path))
    with pytest.raises(StopIteration) as done:
        scoring.send(verdict)
    assert (found.value, done.value.value[0]) == (0, 1)
    assert model.requests[0][0][1].images == (picture.for_models(),)
    assert (picture.suffix, read_picture(picture.for_models(), "").suffix) == ("gif", "png")


async def test_a_server_that_fails_is_no_score() -> None:
    with pytest.raises(PictureMissing, match="answered 503"):
        await scored(read([record({"alike": "red"}, 0)]), [["503"]])
    with pytest.raises(NoPicture, match="answered 404"):
        await scored(read([record({"alike": "red"}, 0) | {"eval_fuzzy_image_match": "__SHOPPING__/404"}]), [["red"]])


async def test_a_picture_by_a_path_of_nobody_leaves_the_others() -> None:
    query = record({"alike": "red"}, 0)
    both = query | {"eval_fuzzy_image_match": "__SHOPPING__/red |OR| media/catalog/B.jpg"}
    assert (await scored(read([both]), [["red"]]))[0].value == 1
    with pytest.raises(NoPicture, match="no such picture"):
        await scored(read([query | {"eval_fuzzy_image_match": "media/catalog/B.jpg"}]), [["red"]])


def test_what_cannot_be_scored_is_said_before_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    alike, asked = read([record({"alike": "red"}, 0)]), read([record({"asked": [["Red?", "yes"]]}, 0)])
    assert (PageImageQuery.needs_judge(alike), PageImageQuery.needs_judge(asked)) == (False, True)
    assert PageImageQuery().cannot_score(alike) == ""
    other_rules = PageImageQuery(ScoringSettings(rules="webarena"))
    assert "the rules of webarena know no page_image_query" in other_rules.cannot_score(asked)
    monkeypatch.setattr(likeness_module, "find_spec", lambda name: None)
    assert "likeness" in PageImageQuery().cannot_score(alike)
    assert PageImageQuery().cannot_score(asked) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"eval_image_class": "img"},
        {"eval_image_url": "nowhere"},
        {"eval_fuzzy_image_match": 3},
        {"ssim_threshold": "high"},
    ],
)
def test_a_query_that_cannot_be_read_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TaskFileError):
        read([record({"alike": "red"}, 0) | change])


def test_outcomes_that_were_recorded_elsewhere_are_scored() -> None:
    spec = read([record({"alike": "red"}, 0)])
    evaluator = PageImageQuery()
    for likest, value in ((0.81, 1.0), (0.8, 0.0), (None, 0.0)):
        outcome = evaluator.Outcome.model_validate({"likeness": [likest]})
        found = evaluator.score(spec, evaluator.evidence_of(spec, outcome, GOLDEN_URLS))
        assert isinstance(found, Score)
        assert found.value == value
