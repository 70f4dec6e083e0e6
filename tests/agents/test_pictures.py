"""Models that see: the screenshot in the prompt, on the wire, in the budget and in the run folder."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.test_prompted import PAGE, PROMPT, TASK, URLS, Model
from tests.models.fake_openai import Reply, Server, completion, running
from tests.run.playing import play_all
from webarena_runner.agents.fit import IMAGE_TOKENS
from webarena_runner.agents.prompted import Prompted
from webarena_runner.errors import BrowserError, ConfigError
from webarena_runner.interfaces import AgentSetup, ModelBackend
from webarena_runner.log.writing import RunFolder
from webarena_runner.models.openai.backend import OpenAIChat
from webarena_runner.running.episode import Harness
from webarena_runner.running.plan import make_manifest
from webarena_runner.running.resources import open_environments
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import ModelSpec, ObservationSettings, RunConfig
from webarena_runner.tasksets.mini import Mini
from webarena_runner.types import Sampling

PNG = b"\x89PNG\r\n\x1a\npicture"
SEEN = PAGE.model_copy(update={"screenshot": PNG, "screenshot_type": "png"})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with running(Server()) as started:
        yield started


def seeing(model: ModelBackend, *, max_tokens: int | None = None) -> Prompted:
    settings = ObservationSettings(max_tokens=max_tokens)
    return Prompted(model, PROMPT, sampling=Sampling(max_tokens=20), settings=settings, images="screenshot")


def backend(server: Server) -> OpenAIChat:
    spec = ModelSpec(name="seeing", backend="openai_chat", model="tiny", options={"base_url": server.base_url})
    return OpenAIChat(spec, environ={})


def picture(content: Any) -> bytes:
    kind, _, data = content[-1]["image_url"]["url"].partition(",")
    assert kind == "data:image/png;base64"
    return base64.b64decode(data)


async def test_the_screenshot_goes_out_with_the_last_message_only(server: Server) -> None:
    server.replies.append(Reply(body=completion("```stop []```")))
    model = backend(server)
    decision = await seeing(model).act(TASK, [], SEEN, urls=URLS)
    await model.aclose()
    *fixed, current = server.chats[0].body["messages"]
    assert [type(message["content"]) for message in fixed] == [str] * 3
    assert picture(current["content"]) == PNG
    assert "find it|None\nPicture: a screenshot" in current["content"][0]["text"]
    assert all(not message.images for message in decision.messages)


async def test_a_text_model_is_sent_no_screenshot() -> None:
    model = Model()
    await Prompted(model, PROMPT, sampling=Sampling(), settings=ObservationSettings()).act(TASK, [], SEEN, urls=URLS)
    current = model.asked[0][0][-1]
    assert current.images == ()
    assert "Picture" not in current.content


async def test_without_a_screenshot_a_seeing_model_is_not_asked() -> None:
    model = Model()
    with pytest.raises(BrowserError, match="no screenshot"):
        await seeing(model).act(TASK, [], PAGE, urls=URLS)
    assert model.asked == []


@pytest.mark.parametrize(("room", "cut"), [(0, 3), (3, 0)])
async def test_the_budget_leaves_room_for_the_picture(room: int, cut: int) -> None:
    text = len("INTRO\nSHOWN\n```stop []```|http://reddit.com/f/books|find it|None")
    line = len("\nPicture: a screenshot of the part of the page that is in view")
    taken = text + line + IMAGE_TOKENS + 20 + 10 * 5
    model = Model(context_window=taken + len(PAGE.text) - 3 + room)
    decision = await seeing(model, max_tokens=100).act(TASK, [], SEEN, urls=URLS)
    assert decision.cut_tokens == cut


def run_config(tmp_path: Path, server_url: str, *assignments: str) -> RunConfig:
    file = tmp_path / "seeing.yaml"
    spec = {"backend": "openai_chat", "model": "tiny", "images": "screenshot", "options": {"base_url": server_url}}
    file.write_text(json.dumps(spec))
    options = CliOptions(
        model=str(file), tasks="mini", task_set="mini", served_by="embedded", assignments=tuple(assignments)
    )
    return load_run_config(options, {})[0]


def test_screenshots_cannot_be_off_for_a_model_that_sees(tmp_path: Path) -> None:
    config = run_config(tmp_path, "http://127.0.0.1:9/v1", "browser.screenshots=none")
    with pytest.raises(ConfigError, match="browser.screenshots"):
        Prompted.build(AgentSetup(Model(), config.settings, "screenshot"))


def test_a_base_models_blank_before_the_forced_prefix_is_no_second_prefix() -> None:
    prompt = type(PROMPT)(**(vars(PROMPT) | {"force_prefix": "```"}))
    assert prompt.with_prefix(" ```click [3]```") == " ```click [3]```"
    assert prompt.with_prefix("click [3]```") == "```click [3]```"


@pytest.mark.browser
async def test_what_the_model_sees_is_the_png_of_its_step(server: Server, tmp_path: Path) -> None:
    server.replies.append(Reply(body=completion("```stop [x]```")))
    config = run_config(tmp_path, server.base_url, "limits.retries=0")
    loaded = Mini().load()
    task = next(task for task in loaded.tasks if task.sites == ("reddit",))
    manifest = make_manifest(config, loaded, [task], run_id="run", prompt_sha256="", profile_overrides=())
    folder, model = RunFolder.create(tmp_path / "run", manifest, [task]), backend(server)
    async with open_environments(config.settings, config.sites, {}, lossless_screenshots=True) as environments:
        harness = Harness(
            config.settings, Prompted.build(AgentSetup(model, config.settings, "screenshot")), environments
        )
        [result], _ = await play_all(harness, folder.path, [task])
    folder.close()
    await model.aclose()
    assert result.steps == 1, result
    shown = picture(server.chats[0].body["messages"][-1]["content"])
    assert shown.startswith(b"\x89PNG")
    [kept] = (tmp_path / "run").rglob("step-000.png")
    assert kept.read_bytes() == shown
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["config"]["model"]["images"] == "screenshot"
