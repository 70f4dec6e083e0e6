"""Functions over OpenAI's chat API: what a request offers, and the calls of a reply."""

import json
from typing import Any

import pytest

from tests.models.conftest import Connect
from tests.models.fake_openai import Reply, Server, completion
from webarena_runner.actions.tools import ActionTools
from webarena_runner.errors import LimitSpent, ModelError
from webarena_runner.interfaces import RequestTag
from webarena_runner.types import Message, Sampling, ToolCall

TAG = RequestTag("mini", 3, 0, 5)
FORM = ActionTools()
CLICK = ToolCall(name="click", arguments='{"element_id": "12"}', id="c1")


def replying(*calls: Any, text: str | None = None, finish_reason: str = "tool_calls") -> Reply:
    message = {"role": "assistant", "content": text, "tool_calls": list(calls)}
    return Reply(200, completion(None, choices=[{"index": 0, "message": message, "finish_reason": finish_reason}]))


def called(arguments: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": "click", "arguments": arguments}} | fields


async def test_a_request_offers_the_functions_and_asks_for_one_call(server: Server, connect: Connect) -> None:
    server.replies.append(replying(called('{"element_id": "12"}')))
    found = await connect().generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG, form=FORM)
    assert (found.text, found.tool_calls, found.finish_reason) == ("", (CLICK,), "tool_calls")
    body = server.chats[0].body
    assert [tool["function"]["name"] for tool in body["tools"]] == [each["name"] for each in FORM.functions]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", False)


async def test_what_a_server_refuses_can_be_left_out(server: Server, connect: Connect) -> None:
    server.replies.append(replying(called("{}")))
    backend = connect(tool_fields={"tool_choice": "auto"})
    await backend.generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG, form=FORM)
    body = server.chats[0].body
    assert body["tool_choice"] == "auto"
    assert "parallel_tool_calls" not in body


async def test_earlier_calls_are_sent_with_their_results(server: Server, connect: Connect) -> None:
    broken = ToolCall(name="click", arguments='{"element', id="c2")
    server.replies.append(replying(called("{}")))
    await connect().generate(
        [
            Message(role="user", content="TASK"),
            Message(role="assistant", content="", tool_calls=(CLICK,)),
            Message(role="tool", content="done", answers=CLICK),
            Message(role="assistant", content="Again.", tool_calls=(broken,)),
            Message(role="tool", content="not done", answers=broken),
        ],
        Sampling(),
        tag=TAG,
        form=FORM,
    )
    _, said, result, again, _ = server.chats[0].body["messages"]
    assert said == {"role": "assistant", "content": None, "tool_calls": [called(CLICK.arguments)]}
    assert result == {"role": "tool", "content": "done", "tool_call_id": "c1"}
    assert again["content"] == "Again."
    # Servers decode the arguments of earlier calls, and fail where they are malformed.
    assert json.loads(again["tool_calls"][0]["function"]["arguments"]) == {}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (called({"element_id": "12"}), '{"element_id": "12"}'),
        (called(None), ""),
        ({"function": {"name": "click", "arguments": "{}"}}, "{}"),
    ],
)
async def test_calls_are_read_as_servers_send_them(
    server: Server, connect: Connect, call: dict[str, Any], arguments: str
) -> None:
    server.replies.append(replying(call, text="So."))
    found = await connect().generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG, form=FORM)
    assert (found.text, found.tool_calls[0].arguments) == ("So.", arguments)
    assert found.said == f"So.\nclick({arguments})"


@pytest.mark.parametrize("calls", [["click"], [{"function": "click"}], [called(12)]])
async def test_what_is_no_call_is_an_error_of_the_model(server: Server, connect: Connect, calls: list[Any]) -> None:
    server.replies.append(replying(*calls))
    with pytest.raises(ModelError, match="the reply's"):
        await connect().generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG, form=FORM)


async def test_a_reply_that_was_cut_before_any_call_says_nothing(server: Server, connect: Connect) -> None:
    server.replies.append(Reply(200, completion(None, choices=[{"message": {}, "finish_reason": "length"}])))
    with pytest.raises(LimitSpent):
        await connect().generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG, form=FORM)


async def test_control_tokens_in_what_was_called_with_are_broken(server: Server, connect: Connect) -> None:
    said = ToolCall(name="type", arguments='{"text": "<|eot_id|>"}', id="c1")
    messages = [Message(role="user", content="TASK"), Message(role="assistant", content="", tool_calls=(said,))]
    server.replies.append(replying(called("{}")))
    await connect(control_tokens="broken").generate(messages, Sampling(), tag=TAG, form=FORM)
    assert "<|eot_id|>" not in json.dumps(server.chats[0].body["messages"])
