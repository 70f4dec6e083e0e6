"""`wa-run models check`: one prompt, answered or explained."""

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.cli.conftest import Invoke
from tests.models.fake_openai import Reply, Server, completion, error, running
from tests.models.fake_tgi import TgiServer
from webarena_runner.models.shared.probe import one_colour_png

QUICK = {"max_retries": 1, "retry_first_wait_s": 0.01, "retry_longest_wait_s": 0.02}


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """The server in a thread of its own, since the command line has the event loop of this one."""
    started, loop, ended = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with running(server):
            started.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    started.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def model_file(folder: Path, backend: str, base_url: str, **fields: Any) -> str:
    options = {"base_url": base_url, **QUICK, **fields.pop("options", {})}
    (folder / "own.yaml").write_text(yaml.safe_dump({"backend": backend, "options": options, **fields}))
    return "own.yaml"


def shown(out: str) -> dict[str, str]:
    return dict(line.split("  ", 1) for line in out.splitlines() if "  " in line)


def test_an_answer_is_shown_with_tokens_latency_window_and_price(invoke: Invoke, workdir: Path) -> None:
    with serving(Server()) as server:
        usage = {"prompt_tokens": 1000, "completion_tokens": 500}
        server.replies += [Reply(200, completion("Paris", usage=usage))] * 2
        prices = {"input": 1.0, "output": 2.0}
        name = model_file(workdir, "openai_chat", server.base_url, prices=prices, context_window=8192)
        done = invoke("models", "check", name)
        answer = json.loads(invoke("models", "check", name, "--json").out)
    rows = {key.strip(): value.strip() for key, value in shown(done.out).items()}
    assert done.code == 0, done
    assert rows["model"] == "own (openai_chat)"
    assert rows["reply"] == "'Paris'"
    assert rows["tokens"] == "1000 prompt, 500 reply"
    assert rows["latency"].endswith(" s")
    assert rows["context window"] == "8192 tokens"
    assert rows["cost"] == "$0.002000"
    assert (answer["reply"], answer["prompt_tokens"], answer["context_window"]) == ("Paris", 1000, 8192)
    assert answer["cost_usd"] == pytest.approx(0.002)


@pytest.mark.parametrize("route", ["template", "llama3"])
def test_a_tgi_server_is_checked_by_both_routes(invoke: Invoke, workdir: Path, route: str) -> None:
    with serving(TgiServer()) as server:
        name = model_file(workdir, "tgi", server.base_url, options={"prompt_format": route})
        done = invoke("models", "check", name, "-o", "model.sampling.max_tokens=3")
    rows = {key.strip(): value.strip() for key, value in shown(done.out).items()}
    assert done.code == 0, done
    assert rows["reply"] == "'echo: Answer with'"
    assert rows["finish reason"] == "length"
    assert rows["context window"] == "4003 tokens"
    assert rows["token counts"] == "by the model's tokenizer"
    assert rows["cost"] == "no prices in the model file"


def test_a_model_that_sees_is_sent_a_picture(invoke: Invoke, workdir: Path) -> None:
    with serving(Server()) as server:
        server.replies.extend([Reply(200, completion("Red"))] * 2)
        done = invoke("models", "check", model_file(workdir, "openai_chat", server.base_url, images="screenshot"))
        parts = server.chats[-1].body["messages"][-1]["content"]
    assert done.code == 0, done
    assert [part["type"] for part in parts] == ["text", "image_url"]
    assert parts[1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_the_picture_is_a_png_of_one_colour() -> None:
    with Image.open(io.BytesIO(one_colour_png(40, (220, 20, 20)))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (40, 40))
        assert image.getcolors() == [(1600, (220, 20, 20))]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (error(401, "Incorrect API key provided"), "the API key was not accepted"),
        (error(400, "temperature is not supported"), "temperature is not supported"),
        (Reply(200, completion("  ", usage={"completion_tokens": 9})), "answered with an empty text"),
    ],
    ids=["key", "parameter", "empty"],
)
def test_what_went_wrong_is_one_line(invoke: Invoke, workdir: Path, reply: Reply, told: str) -> None:
    with serving(Server()) as server:
        server.replies.append(reply)
        done = invoke("models", "check", model_file(workdir, "openai_chat", server.base_url))
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1


def test_a_server_that_is_not_there_is_told_with_what_starts_it(
    invoke: Invoke, workdir: Path, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    name = model_file(workdir, "tgi", url, options={"ready_timeout_s": 0.05})
    done = invoke("models", "check", name)
    assert done.code == 2
    assert "start it with: wa-run models serve own" in done.err
