"""Agents in a process of their own that are given BrowserGym's observation; here one without BrowserGym's packages."""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from webarena_runner import registry
from webarena_runner.agents.browsergym.agent import NAME, BrowserGymAgent
from webarena_runner.errors import ConfigError, ModelError
from webarena_runner.interfaces import AgentSetup
from webarena_runner.settings.records import ObservationSettings, RunSettings
from webarena_runner.types import BrowserGymCalls, Call, Decision, Observation, Step, Stop, Task

AGENTS = """\
class Counting:
    def __init__(self):
        self.seen = []

    def obs_preprocessor(self, obs):
        return {**obs, "pixels": obs["screenshot"].shape}

    def get_action(self, obs):
        self.seen.append(obs)
        print("said to the terminal")
        if obs["goal"] == "fail":
            raise ValueError("no idea")
        asked = [{"role": "user", "content": [{"type": "text", "text": obs["goal"]}, {"type": "image_url"}]}]
        told = {"role": "assistant", "content": f"step {len(self.seen)}"}
        stats = {"input_tokens": 7, "output_tokens": 2, "cost": 0.5}
        info = {"chat_messages": [*asked, told], "stats": stats}
        if len(self.seen) == 1:
            return "click('12')", info
        assert obs["last_action"] == "click('12')" and obs["last_action_error"] == "hidden"
        return f"send_msg_to_user('{obs['pixels']} {obs['open_pages_titles'][0]}')", info


class Arguments:
    def make_agent(self):
        return Counting()


ARGUMENTS = Arguments()
"""


def settings(agent: str, **given: Any) -> RunSettings:
    observed = ObservationSettings(observers=(NAME,))
    return RunSettings(**{"profile": "browsergym", "agent": agent, "observation": observed} | given)


def task(intent: str) -> Task:
    return Task(
        task_set="own", task_id=1, intent=intent, sites=(), start_urls=(), login_sites=(), template_id=1, checks=(),
        writes=False, judge=False, raw={},
    )  # fmt: skip


def page(**given: Any) -> Observation:
    picture = io.BytesIO()
    PIL.Image.new("RGB", (4, 3)).save(picture, "png")
    seen = {"open_pages_urls": ["http://a/"], "active_page_index": 0, "screenshot": picture.getvalue()}
    return Observation(url="http://a/", tabs=("Shop",), text="", extras={NAME: seen}, **given)


@pytest.fixture
def agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "our_agents.py").write_text(AGENTS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.mark.usefixtures("agents")
async def test_each_episode_has_an_agent_that_keeps_its_own_history() -> None:
    async with BrowserGymAgent.build(AgentSetup(None, settings("browsergym:our_agents.ARGUMENTS"))) as agent:
        for intent in ("buy", "sell"):
            first = await agent.act(task(intent), [], page(), urls={})
            assert first.action == BrowserGymCalls(calls=(Call(name="click", args=("12",)),))
            reply = first.completion
            assert reply is not None
            assert (reply.text, reply.prompt_tokens, reply.cost_usd) == ("step 1", 7, 0.5)
            assert [message.content for message in first.messages] == [f"{intent}\n[image_url]"]
            step = Step(index=0, started_at=datetime.now(UTC), observation=page(), decision=first, action_text="")
            last = await agent.act(task(intent), [step], page(action_error="hidden"), urls={})
            assert last.action == Stop(answer="(3, 4, 3) Shop")
        with pytest.raises(ModelError, match="its agent is gone"):
            await agent.act(task("buy"), [step], page(), urls={})
        with pytest.raises(ModelError, match="ValueError: no idea"):
            await agent.act(task("fail"), [], page(), urls={})
        said = BrowserGymCalls(calls=(Call(name="noop"), Call(name="send_msg_to_user", args=("4",))))
        step = step.model_copy(update={"decision": Decision(action=said)})
        assert (await agent.act(task("buy"), [step], page(), urls={})).action == Stop(answer="4")


@pytest.mark.parametrize(
    ("agent", "given", "told"),
    [
        ("browsergym", {}, "expected browsergym:MODULE.NAME"),
        ("browsergym:nothing", {}, "expected browsergym:MODULE.NAME"),
        ("browsergym:a.B", {"observation": ObservationSettings()}, "use --profile browsergym"),
        ("browsergym:a.B", {"agent_python": Path("/no/python")}, "/no/python is not there"),
    ],
)
def test_what_is_missing_is_said_before_a_run(agent: str, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        BrowserGymAgent.build(AgentSetup(None, settings(agent, **given)))


async def test_an_agent_that_is_not_there_is_an_error_of_the_settings() -> None:
    agent = BrowserGymAgent.build(AgentSetup(None, settings("browsergym:no_such_module.Agent")))
    with pytest.raises(ConfigError, match=f"in the environment of {sys.executable}: ModuleNotFoundError"):
        await agent.__aenter__()


def test_only_this_agent_takes_something_behind_a_colon() -> None:
    assert registry.load("agents", "browsergym:a.B") is BrowserGymAgent
    with pytest.raises(ConfigError, match="'oracle' takes nothing behind a colon"):
        registry.load("agents", "oracle:x")
