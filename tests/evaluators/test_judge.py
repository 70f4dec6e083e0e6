"""The judge asks a model once a question, keeps clear verdicts, and tells its own failures from the model's."""

import asyncio
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.evaluators.fakes import SayingModel
from webarena_runner.errors import JudgeError, JudgeUnusable, ModelBlocked, ModelError, ModelExhausted, ModelRefused
from webarena_runner.evaluators.judge import ModelJudge
from webarena_runner.interfaces import JudgeReply
from webarena_runner.types import Completion

QUESTION = {"intent": "How {many} orders?", "reference": "Three", "answer": "3"}


async def _ask(
    model: SayingModel, folder: Path, *, name: str = "a-judge", kind: str = "fuzzy", **change: str
) -> JudgeReply:
    return await ModelJudge(model, name, folder).ask(kind, **(QUESTION | change))


def _only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


async def test_a_question_is_asked_once(tmp_path: Path) -> None:
    model = SayingModel("It is the same number. Correct")
    first = await _ask(model, tmp_path / "new" / "folder")
    again = await _ask(SayingModel(AssertionError("asked again")), tmp_path / "new" / "folder")
    assert (first.cached, again.cached) == (False, True)
    assert first.text == again.text


async def test_a_question_costs_once(tmp_path: Path) -> None:
    assert (await _ask(SayingModel("correct", cost_usd=0.5), tmp_path)).cost_usd == 0.5
    assert (await _ask(SayingModel("correct", cost_usd=0.5), tmp_path)).cost_usd is None


async def test_a_used_up_quota_is_told_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ModelExhausted, match="no credit"):
        await _ask(SayingModel(ModelExhausted("no credit left")), tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"intent": "other"}, {"reference": "other"}, {"answer": "other"}, {"name": "other"}, {"kind": "unachievable"}],
)
async def test_any_other_question_is_asked(change: dict[str, str], tmp_path: Path) -> None:
    await _ask(SayingModel("correct"), tmp_path)
    assert not (await _ask(SayingModel("the same, correct"), tmp_path, **change)).cached


async def test_the_request_has_the_official_sampling_and_all_that_matters(tmp_path: Path) -> None:
    model = SayingModel("correct")
    reply = await _ask(model, tmp_path)
    ((messages, sampling),) = model.requests
    assert reply.question == "\n\n".join(message.content for message in messages), "for the log"
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (0.0, 1.0, 768)
    assert [message.role for message in messages] == ["system", "user"]
    assert all(text in messages[1].content for text in (*QUESTION.values(), "partially correct"))


async def test_a_reply_without_a_verdict_is_not_kept(tmp_path: Path) -> None:
    await _ask(SayingModel("hmm"), tmp_path)
    assert (await _ask(SayingModel("correct"), tmp_path)).text == "correct"


async def test_a_kept_verdict_says_what_was_asked(tmp_path: Path) -> None:
    await _ask(SayingModel("Correct"), tmp_path)
    kept = json.loads(_only_file(tmp_path).read_text())
    assert kept | QUESTION == kept
    assert (kept["judge"], kept["kind"], kept["reply"]) == ("a-judge", "fuzzy", "Correct")


@pytest.mark.parametrize("content", ["", '{"reply": 1}', "[]", "{"])
async def test_a_broken_file_is_asked_again(content: str, tmp_path: Path) -> None:
    await _ask(SayingModel("correct"), tmp_path)
    path = _only_file(tmp_path)
    path.write_text(content)
    assert (await _ask(SayingModel("incorrect"), tmp_path)).text == "incorrect"
    assert json.loads(path.read_text())["reply"] == "incorrect"


async def test_a_reply_that_is_no_answer_is_a_judge_error_with_its_cost(tmp_path: Path) -> None:
    failure = ModelBlocked("blocked", completion=Completion(text="", cost_usd=0.25))
    with pytest.raises(JudgeError, match="blocked") as caught:
        await _ask(SayingModel(failure), tmp_path)
    assert caught.value.cost_usd == 0.25


async def test_a_cut_reply_is_a_judge_error_with_its_cost(tmp_path: Path) -> None:
    with pytest.raises(JudgeError, match="was cut") as caught:
        await _ask(SayingModel("Hm", cost_usd=0.25, finish_reason="length"), tmp_path)
    assert caught.value.cost_usd == 0.25


@pytest.mark.parametrize(
    ("failure", "expected"), [(ModelError("server is down"), JudgeError), (ModelRefused("wrong key"), JudgeUnusable)]
)
async def test_a_failing_model_is_a_judge_error(failure: Exception, expected: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(JudgeError, match="judge a-judge: (server is down|wrong key)") as caught:
        await _ask(SayingModel(failure), tmp_path)
    assert type(caught.value) is expected


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(JudgeUnusable, match=r"file.*cannot be"):
        await _ask(SayingModel("correct"), tmp_path / "file" / "below")


def _in_a_process(folder: Path, reply: str) -> list[str]:
    async def ask_all() -> list[str]:
        judge = ModelJudge(SayingModel(f"correct {reply * 20_000}"), "a-judge", folder)
        return [(await judge.ask("fuzzy", **(QUESTION | {"answer": str(index)}))).text for index in range(30)]

    return asyncio.run(ask_all())


def test_processes_share_verdicts_and_never_read_half_of_one(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        replies = [pool.submit(_in_a_process, tmp_path, letter) for letter in "abc"]
        texts = [text for reply in replies for text in reply.result(timeout=60)]
    assert {len(text) for text in texts} == {len("correct ") + 20_000}
    assert len(list(tmp_path.iterdir())) == 30
