"""Agents in a process of their own that are given BrowserGym's observation; here one without BrowserGym's packages."""

import asyncio
import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from webarena_runner import registry
from webarena_runner.agents.browsergym import process
from webarena_runner.agents.browsergym.agent import NAME, BrowserGymAgent
from webarena_runner.errors import ConfigError, ModelError
from webarena_runner.interfaces import AgentSetup
from webarena_runner.settings.records import ObservationSettings, RunSettings
from webarena_runner.types import BrowserGymCalls, Call, Decision, Observation, Step, Stop, Task

AGENTS = """\
import os
import subprocess
import sys
import time


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


class Odd(Counting):
    def get_action(self, obs):
        goal = obs["goal"]
        if goal == "programs that it starts":
            print("read:", subprocess.run(["cat"], stdout=subprocess.PIPE).stdout)
            subprocess.run(["echo", "printed"])
            os.write(1, b"printed too")
        if goal == "end":
            subprocess.Popen(["sleep", "600"])
            os._exit(7)
        if goal == "exit":
            sys.exit("no key")
        if goal == "no JSON":
            return "noop()", {"think": {(1, 2): 3}}
        if goal == "hang":
            time.sleep(600)
        stats = {"input_tokens": float("nan"), "output_tokens": -1, "cost": float("inf"), "n_retry": 2}
        return "send_msg_to_user('" + chr(0xD800) + "')", {"stats": stats}


class Half:
    def get_action(self, obs):
        return "noop()", {}


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
    (tmp_path / "ends.py").write_text("raise SystemExit('no key')")
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


@pytest.mark.usefixtures("agents")
async def test_what_an_agent_does_in_its_process_costs_its_own_step_at_most() -> None:
    async with BrowserGymAgent.build(AgentSetup(None, settings("browsergym:our_agents.Odd"))) as agent:
        for intent in ("programs that it starts", "any"):
            decision = await agent.act(task(intent), [], page(), urls={})
            assert decision.action == Stop(answer="\ufffd")
            assert decision.completion is not None
            assert (decision.completion.prompt_tokens, decision.completion.completion_tokens) == (0, 0)
            assert (decision.completion.cost_usd, decision.completion.retries) == (None, 2)
        for intent, told in (("exit", "SystemExit: no key"), ("no JSON", "TypeError: keys must be")):
            with pytest.raises(ModelError, match=told):
                await agent.act(task(intent), [], page(), urls={})


@pytest.mark.usefixtures("agents")
async def test_the_episode_after_one_that_ended_the_process_has_another_process() -> None:
    async with BrowserGymAgent.build(AgentSetup(None, settings("browsergym:our_agents.Odd"))) as agent:
        with pytest.raises(ModelError, match="its process ended with code 7"):
            await agent.act(task("end"), [], page(), urls={})
        others = [agent.act(task("any").model_copy(update={"task_id": n}), [], page(), urls={}) for n in (2, 3)]
        assert [decision.action for decision in await asyncio.gather(*others)] == [Stop(answer="\ufffd")] * 2


@pytest.mark.usefixtures("agents")
async def test_an_agent_that_hangs_does_not_keep_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STOP_LIMIT_S", 0.1)
    async with BrowserGymAgent.build(AgentSetup(None, settings("browsergym:our_agents.Odd"))) as agent:
        asked = asyncio.create_task(agent.act(task("hang"), [], page(), urls={}))
        await agent.act(task("any").model_copy(update={"task_id": 2}), [], page(), urls={})
    with pytest.raises(ModelError, match="its process ended with code -9"):
        await asked


@pytest.mark.usefixtures("agents")
async def test_a_process_that_writes_no_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MAX_LINE_BYTES", 100)
    agent = BrowserGymAgent.build(AgentSetup(None, settings("browsergym:our_agents.Odd")))
    async with agent:
        with pytest.raises(ModelError, match="answered with what cannot be read"):
            await agent.act(task("exit"), [], page(), urls={})


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


@pytest.mark.usefixtures("agents")
@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            "no_such_module.Agent",
            "ModuleNotFoundError: No module named 'no_such_module'; name the Python that .* by -o ag",
        ),
        ("our_agents.Nobody", "AttributeError: module 'our_agents' has no attribute 'Nobody'$"),
        (
            "our_agents.Half",
            "TypeError: our_agents.Half is neither .* with obs_preprocessor and get_action, nor .*_agent$",
        ),
        ("ends.Agent", "SystemExit: no key$"),
    ],
)
async def test_an_agent_that_cannot_be_made_is_an_error_of_the_settings(target: str, told: str) -> None:
    agent = BrowserGymAgent.build(AgentSetup(None, settings(f"browsergym:{target}")))
    with pytest.raises(ConfigError, match=f"in the environment of {sys.executable}: {told}"):
        await agent.__aenter__()


def test_only_this_agent_takes_something_behind_a_colon() -> None:
    assert registry.load("agents", "browsergym:a.B") is BrowserGymAgent
    with pytest.raises(ConfigError, match="'oracle' takes nothing behind a colon"):
        registry.load("agents", "oracle:x")
