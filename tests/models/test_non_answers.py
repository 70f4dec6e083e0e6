"""Replies with HTTP 200 that are no answer: what each becomes, and that its tokens are paid for all the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import Connect
from tests.models.fake_openai import Reply, Server, completion
from webarena_runner.errors import LimitSpent, ModelBlocked, ModelDeclined, ModelError, NoAnswer
from webarena_runner.interfaces import RequestTag
from webarena_runner.models.shared.limits import Limited, Spend
from webarena_runner.settings.records import Prices
from webarena_runner.types import Completion, Message, Sampling


async def ask(connect: Connect, **options: object) -> Completion:
    return await connect(**options).generate([Message(role="user", content="PAGE")], Sampling(), tag=RequestTag())


def body_of(shared: Path, name: str) -> Any:
    cases = json.loads((shared / "cases" / "chat-replies.json").read_text())
    return next(case["body"] for case in cases if case["name"] == name)


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("length-no-content", LimitSpent, "no answer within the reply limit; raise sampling.max_tokens"),
        ("length-empty", LimitSpent, "no answer within the reply limit; raise sampling.max_tokens"),
        ("content-filter", ModelBlocked, "finish_reason content_filter"),
        ("refusal-field", ModelDeclined, "the model refused: I cannot do that."),
    ],
)
async def test_a_reply_without_a_text_is_an_error_that_says_why(
    server: Server, connect: Connect, shared: Path, name: str, kind: type[NoAnswer], told: str
) -> None:
    server.replies.append(Reply(200, body_of(shared, name)))
    with pytest.raises(ModelError, match=told) as caught:
        await ask(connect)
    assert type(caught.value) is kind
    assert not caught.value.may_retry
    assert len(server.chats) == 1


async def test_a_part_that_a_filter_let_through_is_no_answer_and_is_kept(server: Server, connect: Connect) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 4}
    choice = {"index": 0, "finish_reason": "content_filter", "message": {"content": "```click [1]``` and"}}
    server.replies.append(Reply(200, completion(None, choices=[choice], usage=usage)))
    with pytest.raises(ModelBlocked, match="blocked after a part of it, which is kept in the step") as caught:
        await ask(connect)
    assert caught.value.completion is not None
    assert (caught.value.completion.text, caught.value.completion.completion_tokens) == ("```click [1]``` and", 4)


async def test_a_reply_without_choices_is_asked_for_again(server: Server, connect: Connect, shared: Path) -> None:
    server.replies.extend([Reply(200, body_of(shared, "no-choices"))] * 5)
    with pytest.raises(ModelError, match=r"no choices \(attempt 4 of 4\)"):
        await ask(connect)
    assert (await ask(connect)).retries == 1


@pytest.mark.parametrize("choice", [{}, {"index": 0, "finish_reason": None, "message": None}, {"text": "click [1]"}])
async def test_a_reply_without_a_message_is_asked_for_again(
    server: Server, connect: Connect, choice: dict[str, Any]
) -> None:
    server.replies.append(Reply(200, completion(None, choices=[choice])))
    assert (await ask(connect)).retries == 1


@pytest.mark.parametrize("said", ["", "```click [1]"])
@pytest.mark.parametrize("reason", ["error", "abort", "insufficient_system_resource"])
async def test_a_reply_that_a_failing_server_ended_is_asked_for_again(
    server: Server, connect: Connect, reason: str, said: str
) -> None:
    choice = {"index": 0, "finish_reason": reason, "message": {"content": said}}
    server.replies.append(Reply(200, completion(None, choices=[choice])))
    assert (await ask(connect)).retries == 1


async def test_of_a_list_of_parts_the_texts_are_the_reply(server: Server, connect: Connect, shared: Path) -> None:
    server.replies.append(Reply(200, body_of(shared, "content-parts")))
    assert (await ask(connect)).text == "In summary, the next action I will perform is ```stop [42]```"


async def test_a_model_that_has_nothing_to_say_gives_an_empty_reply(server: Server, connect: Connect) -> None:
    server.replies.append(Reply(200, completion("")))
    assert (await ask(connect)).text == ""


async def test_thoughts_that_took_the_limit_are_counted_and_paid_for(server: Server, connect: Connect) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 384, "completion_tokens_details": {"reasoning_tokens": 380}}
    choice = {"index": 0, "finish_reason": "length", "message": {"content": None}}
    server.replies.append(Reply(200, completion(None, choices=[choice], usage=usage)))
    spend = Spend()
    backend = Limited(connect(), prices=Prices(input=1e6, output=1e6), spend=spend)
    with pytest.raises(LimitSpent, match="of which thoughts took 380 tokens") as caught:
        await backend.generate([Message(role="user", content="PAGE")], Sampling(), tag=RequestTag())
    assert caught.value.completion is not None
    assert caught.value.completion.cost_usd == spend.spent_usd == 1284
