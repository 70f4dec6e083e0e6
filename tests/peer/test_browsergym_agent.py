"""AgentLab's generic agent as an agent of `wa-run`: its package in an environment of its own, its model scripted.

`make peer-test` sets it up; BROWSERGYM_PYTHON names another Python that has it.
"""

import asyncio
import os
from pathlib import Path

import pytest

from tests.models.fake_openai import Server, running
from tests.peer.scripted_model import ScriptedModel
from tests.peer.served import BROWSERGYM_PYTHON, ROOT, WA_RUN
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import read_results, read_steps
from webarena_runner.tasksets.mini import Mini
from webarena_runner.tasksets.selection import select

pytestmark = [
    pytest.mark.peer,
    pytest.mark.browser,
    pytest.mark.skipif(not BROWSERGYM_PYTHON.exists(), reason=f"{BROWSERGYM_PYTHON} is absent: `make peer-test`"),
]
PLAYED = "0,35,37,106,204,208,301,313,315,340"


async def test_agentlab_s_generic_agent_plays_ten_tasks(tmp_path: Path) -> None:
    tasks = select(PLAYED, Mini().load(), seed=0)
    assert len(tasks) == 10
    model = ScriptedModel(tasks)
    async with running(Server(routes={"/v1/chat/completions": model})) as server:
        environ = {
            **os.environ,
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": "none",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "PYTHONPATH": str(Path(__file__).parent),
        }
        agent = ("--agent", "browsergym:generic_agent.AGENT", "--profile", "browsergym")
        tasks_of = ("--task-set", "mini", "--tasks", PLAYED, "--workers", "2", "--run-id", "theirs")
        python = ("-o", f"agent_python={BROWSERGYM_PYTHON}")
        command = [str(WA_RUN), *agent, *tasks_of, *python, "--out", str(tmp_path)]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    values = {result.task_id: result.value for result in read_results(tmp_path / "theirs").values()}
    assert values == dict.fromkeys((task.task_id for task in tasks), 1.0)
    for task in tasks:
        steps = read_steps(RunPaths(tmp_path / "theirs").episode(task.task_id, 0).folder)
        asked = ["\n".join(message.content for message in step.decision.messages) for step in steps]
        assert asked == model.prompts[task.task_id]
