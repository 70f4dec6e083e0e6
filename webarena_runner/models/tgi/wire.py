"""Our messages, sampling and completions to and from TGI's two routes: `/generate` and `/v1/chat/completions`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from webarena_runner.errors import ModelError, NoAnswer
from webarena_runner.log.wellformed import well_formed
from webarena_runner.models.openai.wire import read_completion, wire_messages
from webarena_runner.models.shared.answers import require_answer
from webarena_runner.models.shared.control import plain
from webarena_runner.models.shared.formats import ExampleRoles, FormatName, Rendered, render
from webarena_runner.models.shared.replies import text_field, token_count
from webarena_runner.models.shared.wire import data_url
from webarena_runner.models.tgi.api import Answer
from webarena_runner.models.tgi.limits import REPLY_TOKENS
from webarena_runner.types import Completion, Message, Sampling

_FINISH = {"eos_token": "stop", "stop_sequence": "stop"}
_IMAGE_MARK = "<tgi-image>"
_DATA = re.compile(r"!\[\]\(data:[^)]*\)")
_BOS = re.compile(r"\A<[^<>\s]+>")


def chat_body(messages: Sequence[Message], roles: ExampleRoles, sampling: Sampling, stop: Sequence[str]) -> Any:
    """A body for the chat route. The server applies the chat template, so page text is made plain before."""
    safe = [message.model_copy(update={"content": plain(_without_images(message.content))}) for message in messages]
    body: dict[str, Any] = {
        "model": "tgi",
        "messages": wire_messages(safe, roles),
        "max_tokens": sampling.max_tokens or REPLY_TOKENS,
        **_randomness(sampling),
    }
    return body | ({"stop": list(stop)} if stop else {})


def generate_body(text: str, sampling: Sampling, stop: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A body for the native route; `parameters` are the model file's own."""
    random = _randomness(sampling)
    greedy = random.get("temperature") == 0
    if greedy:
        del random["temperature"]
        # Each of these makes TGI sample, do_sample or not.
        parameters = {key: value for key, value in parameters.items() if key not in ("top_k", "typical_p")}
    wired = {
        "details": True,
        "return_full_text": False,
        "max_new_tokens": sampling.max_tokens or REPLY_TOKENS,
        "do_sample": bool(random.keys() - {"seed"}),
        **random,
        **parameters,
    }
    return {"inputs": text, "parameters": wired | ({"stop": list(stop)} if stop else {})}


def prompt_text(name: FormatName, messages: Sequence[Message]) -> tuple[str, Rendered]:
    """The text for `/generate`, and what it was rendered from.

    The route always adds the tokenizer's BOS, so ours is left out; images are Markdown with the data in place.
    """
    safe = [message.model_copy(update={"content": _without_images(message.content)}) for message in messages]
    rendered = render(name, safe, image_mark=_IMAGE_MARK)
    text = _BOS.sub("", rendered.text) if rendered.has_bos else rendered.text
    first, *rest = text.split(_IMAGE_MARK)
    images = (f"![]({data_url(image)})" for image in rendered.images)
    return first + "".join(image + after for image, after in zip(images, rest, strict=True)), rendered


def without_data(text: str, instead: str) -> str:
    """A text for `/generate`, with something to read in place of each image's data."""
    return _DATA.sub(instead, text)


def read_chat(answer: Answer, *, stop: Sequence[str], subject: str) -> Completion:
    """Raises NoAnswer when it says nothing, Transient without choices, ModelError when this is no chat completion."""
    try:
        completion = read_completion(answer.body, subject=subject)
    except NoAnswer as error:
        error.completion = error.completion and _counted(error.completion, answer.headers, stop)
        raise
    return _counted(completion, answer.headers, stop)


def read_generated(answer: Answer, *, stop: Sequence[str], with_tokens: bool, subject: str) -> Completion:
    """Raises ModelError when there is no generated text, or no list of its tokens and they are asked for."""
    reply = answer.body
    text = reply.get("generated_text") if isinstance(reply, dict) else None
    if not isinstance(text, str):
        raise ModelError(f"{subject}: the reply of /generate has no generated_text; is it a TGI server?")
    details = reply.get("details")
    details = details if isinstance(details, dict) else {}
    prefill = details.get("prefill")
    completion = Completion(
        text=well_formed(text),
        prompt_tokens=len(prefill) if isinstance(prefill, list) else 0,
        completion_tokens=token_count(details.get("generated_tokens"), subject=subject, name="generated_tokens"),
        finish_reason=text_field(details.get("finish_reason"), subject=subject, name="finish_reason"),
        **(_tokens(details, subject) if with_tokens else {}),
    )
    return require_answer(_counted(completion, answer.headers, stop), subject=subject)


def _tokens(details: Mapping[str, Any], subject: str) -> dict[str, Any]:
    try:
        tokens, prefill = details["tokens"], details.get("prefill")
        return {
            # Only with decoder_input_details.
            "prompt_token_ids": tuple(token["id"] for token in prefill) if prefill else None,
            "token_ids": tuple(token["id"] for token in tokens),
            "logprobs": tuple(token["logprob"] for token in tokens),
        }
    except (KeyError, TypeError) as error:
        raise ModelError(f"{subject}: the reply's details list no tokens ({error!r})") from None


def _counted(completion: Completion, headers: Mapping[str, str], stop: Sequence[str]) -> Completion:
    """With the counts that TGI sends as headers (since 3.0 the prompt's are nowhere else), cut at a stop string."""
    end = min((at for text in stop if (at := completion.text.find(text)) >= 0), default=None)
    reason = "stop" if end is not None else _FINISH.get(completion.finish_reason, completion.finish_reason)
    return completion.model_copy(
        update={
            "text": completion.text[:end],
            "finish_reason": reason,
            "prompt_tokens": _count(headers, "x-prompt-tokens") or completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens or _count(headers, "x-generated-tokens"),
        }
    )


def _randomness(sampling: Sampling) -> dict[str, Any]:
    """What is set, less what TGI refuses (top_p of 1) or what makes it sample at temperature 0 (any top_p)."""
    wired = sampling.model_dump(include={"temperature", "top_p", "seed"}, exclude_none=True)
    if sampling.temperature == 0 or wired.get("top_p", 0) >= 1:
        wired.pop("top_p", None)
    return wired


def _without_images(text: str) -> str:
    """A page that shows "![](URL)" would have the server fetch that URL."""
    return well_formed(text).replace("![](", "!\u200b[](")


def _count(headers: Mapping[str, str], name: str) -> int:
    value = headers.get(name, "")
    return int(value) if value.isdecimal() else 0
