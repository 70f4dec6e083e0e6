"""An agent of cube-harness on WebArena: python cube_recipe.py --limit 3

MODEL is a name of LiteLLM's, such as openai/gpt-4.1-mini, URL what the server printed.
"""

import os

from cube_harness.agents.react import ReactAgentConfig
from cube_harness.experiment import Experiment
from cube_harness.llm import LLMConfig
from cube_harness.recipe import run
from cube_remote import WebArenaRemote

url = os.environ.get("URL", "http://127.0.0.1:8000")
tasks = os.environ.get("TASKS", "37,340,315").split(",")
# All pages of an episode are in each prompt unless told otherwise; the agent's own limit
# of actions is 10.
agent = ReactAgentConfig(
    llm_config=LLMConfig(model_name=os.environ["MODEL"]), max_actions=30
)
experiment = Experiment(
    name="webarena-mini",
    agent_config=agent,
    benchmark_config=WebArenaRemote(url=url).subset_from_list(tasks),
)

if __name__ == "__main__":
    run(experiment)
