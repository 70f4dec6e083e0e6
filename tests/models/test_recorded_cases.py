"""Replies of servers and judges that were read wrongly once, each against what the recording says is right."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import Connect
from tests.models.fake_openai import Reply, Server, completion
from webarena_runner.agents.prompt import load_prompt
from webarena_runner.agents.prompted import Prompted
from webarena_runner.errors import (
    ConfigError,
    JudgeError,
    LimitSpent,
    ModelBlocked,
    ModelDeclined,
    ModelError,
    ModelExhausted,
    ModelRefused,
    NoAnswer,
    PromptTooLong,
)
from webarena_runner.evaluators.judge import ModelJudge
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.interfaces import RequestTag
from webarena_runner.settings.records import ActionSettings, ObservationSettings, ScoringSettings
from webarena_runner.types import Action, Completion, Message, Observation, Sampling, Stop, Task

ASKED = [Message(role="user", content="PAGE")]
TASK = Task(
    task_set="t", task_id=0, intent="find it", sites=(), start_urls=(), login_sites=(), checks=(), raw={}
)  # fmt: skip
PAGE = Observation(url="http://127.0.0.1/", tabs=("Home",), text="[12] link 'Home'")


def cases(shared: Path, name: str) -> Sequence[dict[str, Any]]:
    return list(json.loads((shared / "cases" / f"{name}.json").read_text(encoding="utf-8")))


async def ask(connect: Connect) -> Completion:
    return await connect().generate(ASKED, Sampling(), tag=RequestTag())


async def act(connect: Connect) -> Action:
    """What the agent does in `strict`, by the official prompt's form."""
    actions = ActionSettings(skip_thoughts=True, lenient_syntax=True)
    agent = Prompted(
        connect(), load_prompt("cot"), sampling=Sampling(), settings=ObservationSettings(), actions=actions
    )
    return (await agent.act(TASK, [], PAGE, urls={})).action


async def test_replies_with_success_that_are_no_answer_or_hold_one_oddly(
    server: Server, connect: Connect, shared: Path
) -> None:
    errors: dict[str, tuple[type[NoAnswer], str]] = {
        "length-no-content": (LimitSpent, r"reply limit.*raise sampling\.max_tokens"),
        "length-empty": (LimitSpent, r"reply limit.*raise sampling\.max_tokens"),
        "content-filter": (ModelBlocked, "content_filter"),
        "refusal-field": (ModelDeclined, "I cannot do that"),
        "think-cut": (LimitSpent, r"raise sampling\.max_tokens"),
    }
    asked_again = {
        "no-choices": "no choices",
        "error-in-200-429": "Provider returned error",
        "error-in-200-502": "Upstream overloaded",
        "error-in-200-text": "Model is currently loading",
        "error-object-200": "Engine loop died",
    }
    for case in cases(shared, "chat-replies"):
        name, body = case["name"], Reply(200, case["body"])
        server.replies.clear()
        server.requests.clear()
        server.replies.extend([body] * 4)
        if name in errors:
            kind, told = errors[name]
            with pytest.raises(kind, match=told) as caught:
                await act(connect)
            assert caught.value.completion is not None, name
            assert caught.value.completion.completion_tokens == 384, name
        elif name in asked_again:
            with pytest.raises(ModelError, match=rf"{asked_again[name]}.*attempt 4 of 4"):
                await ask(connect)
        else:
            assert await act(connect) == Stop(answer="42"), name


async def test_error_replies_become_what_is_said_there(server: Server, connect: Connect, shared: Path) -> None:
    for case in cases(shared, "chat-errors"):
        right = case["right"]
        server.replies.clear()
        server.requests.clear()
        server.replies.extend([Reply(case["status"], case["body"])] * (2 if "first episode" in right else 1))
        if right == "Transient":
            assert (await ask(connect)).retries == 1, case
            continue
        if right.startswith("found before the first episode"):
            with pytest.raises(ConfigError, match=r"-o sampling\.top_p=null"):
                await connect().probe()
            continue
        kind = next(
            kind
            for begin, kind in {
                "ModelExhausted": ModelExhausted,
                "PromptTooLong": PromptTooLong,
                "the error names the option": ModelRefused,
            }.items()
            if right.startswith(begin)
        )
        with pytest.raises(kind) as caught:
            await ask(connect)
        assert len(server.chats) == 1, case
        assert "API key was not accepted" not in str(caught.value), case
        assert "[{" not in str(caught.value), case
        assert (kind is ModelRefused) == ("system_as=user_turn" in str(caught.value)), case


async def test_lists_of_models_do_not_keep_a_model_from_being_asked(
    server: Server, connect: Connect, shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for case in cases(shared, "model-lists"):
        caplog.clear()
        server.requests.clear()
        server.routes["/v1/models"] = lambda _, case=case: Reply(case["status"], case["body"])
        server.routes["/v1/chat/completions"] = lambda _: Reply(200, completion("hello"))
        backend = connect(model=case["model"])
        with caplog.at_level(logging.WARNING):
            await backend.check()
        assert (await backend.generate(ASKED, Sampling(), tag=RequestTag())).text == "hello", case
        assert {request.body["model"] for request in server.chats} == {case["model"]}
        assert bool(caplog.records) == ("context" not in json.dumps(case) and "n_ctx" not in json.dumps(case)), case
        window = next((number for number in (8192, 4096, 2048) if f'": {number}' in json.dumps(case["body"])), None)
        assert backend.context_window == (2048 if "n_ctx_train" in json.dumps(case) else window), case


async def test_a_judges_replies(server: Server, connect: Connect, shared: Path) -> None:
    thoughts, cut, kept = cases(shared, "judge-replies")
    assert read_verdict("fuzzy", thoughts["reply"], ScoringSettings(judge_skip_thoughts=True)) == 1
    assert read_verdict("fuzzy", thoughts["reply"]) == 0
    choice = {"index": 0, "message": {"content": cut["reply"]}, "finish_reason": cut["finish_reason"]}
    server.replies.append(Reply(200, completion(None, choices=[choice])))
    with pytest.raises(JudgeError) as caught:
        await ModelJudge(connect(), "j", None).ask("fuzzy", intent="?", reference="two", answer="2")
    assert caught.value.may_retry
    # Played with two servers, and with another model behind one, in tests/run/test_judge_cache.py.
    assert kept["right"].startswith("B is asked")
