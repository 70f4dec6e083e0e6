"""A server on loopback that speaks the wire format of Text Generation Inference, with faults to order.

As a program, `python -m tests.models.fake_tgi --port N ...`, it stands in for `text-generation-launcher`.
"""

import argparse
import asyncio
import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.models.fake_openai import Reply, Request, Server, running

WORD = re.compile(r"\s*\S+|\s+")


def fault(status: int, text: str, error_type: str, *, headers: dict[str, str] | None = None) -> Reply:
    """TGI's form of an error."""
    return Reply(status, {"error": text, "error_type": error_type}, headers or {})


OVERLOADED = fault(429, "Model is overloaded", "overloaded")
FAILED = fault(424, "Request failed during generation: CUDA out of memory", "generation")
INCOMPLETE = fault(500, "Incomplete generation", "incomplete_generation")


class Invalid(Exception):
    """What TGI's router would refuse the request for."""


@dataclass
class TgiServer(Server):
    """Answers prompts by `answers`, within its limits; a token is a word with the space before it, plus one BOS.

    `token_header`: whether the prompt's tokens are counted in a header, as since TGI 1.x; `byte_offsets`: in what
    `/tokenize` counts; `loading`: how often `/health` is still 503; `has_models`: whether there is a `/v1/models`.
    """

    model_id: str = "tiny-llama3"
    version: str = "3.3.4"
    max_input_tokens: int = 4000
    max_total_tokens: int = 4400
    max_concurrent_requests: int = 128
    max_stop_sequences: int = 4
    length_name: str = "max_input_tokens"
    token_header: bool = True
    byte_offsets: bool = True
    stop_in_text: bool = True
    loading: int = 0
    has_models: bool = True
    has_tokenizer: bool = True
    answers: Callable[[str], str] = "echo: {}".format

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def generations(self) -> list[Request]:
        return [request for request in self.requests if request.path in ("/generate", "/v1/chat/completions")]

    def answer(self, request: Request) -> Reply:
        route = (request.method, request.path)
        if request.path in self.routes:
            return self.routes[request.path](request.body)
        if route == ("GET", "/health"):
            return self.health()
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return Reply(401, "", {"Content-Type": "text/plain"})
        match route:
            case ("GET", "/info"):
                return Reply(200, self.info())
            case ("GET", "/v1/models") if self.has_models:
                return Reply(200, {"object": "list", "data": [{"id": self.model_id, "object": "model", "created": 0}]})
            case ("POST", "/tokenize"):
                return self.tokenize(request.body["inputs"])
            case ("POST", "/generate" | "/v1/chat/completions"):
                return self.generation(request)
        return Reply(404, "", {"Content-Type": "text/plain"})

    def health(self) -> Reply:
        if not self.loading:
            return Reply(200, "", {"Content-Type": "text/plain"})
        self.loading -= 1
        return fault(503, "unhealthy", "healthcheck")

    def info(self) -> dict[str, Any]:
        return {
            "model_id": self.model_id,
            "model_sha": None,
            "model_pipeline_tag": "text-generation",
            "max_concurrent_requests": self.max_concurrent_requests,
            "max_best_of": 2,
            "max_stop_sequences": self.max_stop_sequences,
            self.length_name: self.max_input_tokens,
            "max_total_tokens": self.max_total_tokens,
            "validation_workers": 2,
            "max_client_batch_size": 4,
            "router": "text-generation-router",
            "version": self.version,
            "sha": None,
            "docker_label": None,
        }

    def tokenize(self, text: str) -> Reply:
        if not self.has_tokenizer:
            return fault(404, "No fast tokenizer available", "no fast tokenizer")
        tokens = [{"id": 0, "text": "", "start": 0, "stop": 0}]
        for number, word in enumerate(WORD.finditer(text), 1):
            start, stop = (len(text[:at].encode()) if self.byte_offsets else at for at in word.span())
            tokens.append({"id": number, "text": word[0], "start": start, "stop": stop})
        return Reply(200, tokens)

    def generation(self, request: Request) -> Reply:
        if self.in_flight > self.max_concurrent_requests:
            return OVERLOADED
        if self.replies:
            return self.replies.popleft()
        try:
            if request.path == "/generate":
                return self.native(request.body)
            return self.chat(request.body)
        except Invalid as error:
            return fault(422, f"Input validation error: {error}", "validation")

    def native(self, body: dict[str, Any]) -> Reply:
        parameters = body.get("parameters", {})
        length = self.input_length(body["inputs"], parameters.get("truncate"))
        # What the chat template would have added is not part of what is asked.
        asked = re.split(r"<\|end_header_id\|>|\[INST\]|\nObservation:", body["inputs"])
        last = asked[-2] if len(asked) > 1 and not asked[-1].strip() else asked[-1]
        text, count, reason = self.sampled(
            re.sub(r"<\|.*|\[/INST\].*|Answer:$", "", last, flags=re.S).strip(),
            length,
            limit=parameters.get("max_new_tokens", 100),
            **{name: parameters.get(name) for name in ("temperature", "top_p", "stop")},
        )
        details = {"finish_reason": reason, "generated_tokens": count, "seed": parameters.get("seed"), "tokens": []}
        prefill = [{"id": 0, "text": "", "logprob": None}] * length if parameters.get("decoder_input_details") else []
        reply: dict[str, Any] = {"generated_text": text}
        if parameters.get("details") or prefill:
            reply["details"] = details | {"prefill": prefill}
        return Reply(200, reply, self.counts(length, count))

    def chat(self, body: dict[str, Any]) -> Reply:
        parts = [each["content"] for each in body["messages"]]
        texts = [part if isinstance(part, str) else part[0]["text"] for part in parts]
        length = self.input_length("\n".join(texts), None)
        text, count, reason = self.sampled(
            texts[-1],
            length,
            limit=body.get("max_tokens", 100),
            # The route takes temperature 0 for greedy.
            temperature=body.get("temperature") or None,
            top_p=body.get("top_p"),
            stop=body.get("stop"),
        )
        reply = {
            "id": "",
            "object": "chat.completion",
            "created": 1,
            "model": self.model_id,
            "system_fingerprint": f"{self.version}-native",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "logprobs": None,
                    "finish_reason": "length" if reason == "length" else "stop",
                }
            ],
            # Since 3.0 the prompt's tokens are counted by a list that is empty.
            "usage": {"prompt_tokens": 0, "completion_tokens": count, "total_tokens": count},
        }
        return Reply(200, reply, self.counts(length, count))

    def counts(self, prompt: int, generated: int) -> dict[str, str]:
        counted = {"x-prompt-tokens": str(prompt), "x-generated-tokens": str(generated)}
        return counted if self.token_header else {}

    def input_length(self, text: str, truncate: int | None) -> int:
        length = 1 + len(WORD.findall(re.sub(r"!\[\]\(data:[^)]*\)", " image ", text)))
        return min(length, truncate or length)

    def sampled(
        self,
        asked: str,
        length: int,
        *,
        limit: int,
        temperature: float | None,
        top_p: float | None,
        stop: Sequence[str] | None,
    ) -> tuple[str, int, str]:
        """Text, tokens and finish reason of a reply; raises Invalid as TGI's validation does, in its order."""
        if temperature is not None and temperature <= 0:
            raise Invalid("`temperature` must be strictly positive")
        if top_p is not None and not 0 < top_p < 1:
            raise Invalid("`top_p` must be > 0.0 and < 1.0")
        if len(stop or ()) > self.max_stop_sequences:
            raise Invalid(f"`stop` supports up to {self.max_stop_sequences} stop sequences. Given: {len(stop or ())}")
        if length + limit > self.max_total_tokens:
            raise Invalid(
                f"`inputs` tokens + `max_new_tokens` must be <= {self.max_total_tokens}. "
                f"Given: {length} `inputs` tokens and {limit} `max_new_tokens`"
            )
        if length > self.max_input_tokens:
            raise Invalid(f"`inputs` must have less than {self.max_input_tokens} tokens. Given: {length}")
        words, text = WORD.findall(self.answers(asked)), ""
        for count, word in enumerate(words, 1):
            text += word
            ends = [text.find(end) for end in stop or () if end in text]
            if ends:
                found = next(end for end in stop or () if text.find(end) == min(ends))
                return text[: min(ends) + len(found) * self.stop_in_text], count, "stop_sequence"
            if count == limit:
                return text, count, "length"
        return text, len(words) + 1, "eos_token"


async def main(arguments: Sequence[str] | None = None) -> None:
    """Serves until SIGTERM or SIGINT; takes the flags of the launcher that matter to a client."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model-id", default="bigscience/bloom-560m")
    parser.add_argument("--max-input-tokens", type=int, default=4000)
    parser.add_argument("--max-total-tokens", type=int, default=4400)
    parser.add_argument("--loading", type=int, default=0)
    given, _ = parser.parse_known_args(arguments)
    server = TgiServer(
        port=given.port,
        model_id=given.model_id,
        max_input_tokens=given.max_input_tokens,
        max_total_tokens=given.max_total_tokens,
        loading=given.loading,
    )
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with running(server):
        print(f"Connected, serving {given.model_id}", flush=True)
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
