"""Functions over the Gemini API: what a request offers, the calls of a reply, and what is sent back of them."""

import base64

import pytest

from tests.models.fake_gemini import GeminiServer, candidate, reply
from tests.models.fake_openai import Reply
from tests.models.gemini_backend import connecting
from webarena_runner.actions.tools import ActionTools
from webarena_runner.interfaces import RequestTag
from webarena_runner.types import Message, Sampling, ToolCall

TAG = RequestTag("mini", 3, 0, 5)
FORM = ActionTools(("click", "stop"))
SIGNATURE = base64.b64encode(b"\x00\xff signed").decode()
CALL = {"functionCall": {"name": "click", "args": {"element_id": "12"}, "id": "c1"}, "thoughtSignature": SIGNATURE}
CLICK = ToolCall(name="click", arguments='{"element_id": "12"}', id="c1", signature=SIGNATURE)


async def test_a_model_is_made_to_call_one_of_the_functions(server: GeminiServer) -> None:
    server.replies.append(Reply(200, reply(candidate(content={"role": "model", "parts": [CALL]}))))
    async with connecting(server, "google-genai") as connect:
        found = await connect().generate([Message(role="user", content="PAGE")], Sampling(), tag=TAG, form=FORM)
    assert (found.text, found.tool_calls) == ("", (CLICK,))
    body = server.chats[0].body
    assert [each["name"] for each in body["tools"][0]["functionDeclarations"]] == ["click", "stop"]
    # JSON of protocol buffers allows both spellings, and the package sends this one.
    schema = body["tools"][0]["functionDeclarations"][0]["parameters_json_schema"]
    assert schema["required"] == ["element_id"]
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}


async def test_an_earlier_call_goes_back_as_it_was_signed_and_its_result_after_it(server: GeminiServer) -> None:
    messages = [
        Message(role="user", content="TASK"),
        Message(role="assistant", content="", tool_calls=(CLICK,)),
        Message(role="tool", content="done", answers=CLICK),
        Message(role="user", content="PAGE"),
    ]
    async with connecting(server, "google-genai") as connect:
        await connect().generate(messages, Sampling(), tag=TAG, form=FORM)
    asked, called, answered = server.chats[0].body["contents"]
    assert (asked["role"], called["role"], answered["role"]) == ("user", "model", "user")
    (part,) = called["parts"]
    assert part["functionCall"] == CALL["functionCall"]
    assert base64.urlsafe_b64decode(part["thoughtSignature"]) == b"\x00\xff signed"
    result, page = answered["parts"]
    assert result["functionResponse"] == {"id": "c1", "name": "click", "response": {"result": "done"}}
    assert page == {"text": "PAGE"}


@pytest.mark.parametrize(
    ("sdk", "options", "fault"),
    [
        ("google-genai", {}, ""),
        ("google-genai", {"mode": "single"}, "options.mode is 'single'"),
        ("google-generativeai", {}, "set options.sdk: google-genai"),
    ],
)
async def test_what_has_no_place_for_calls_is_told(
    server: GeminiServer, sdk: str, options: dict[str, str], fault: str
) -> None:
    async with connecting(server, sdk) as connect:
        told = connect(**options).tools_fault()
    assert fault in told
    assert bool(fault) == bool(told)
