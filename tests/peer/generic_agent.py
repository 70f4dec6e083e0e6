"""AgentLab's generic agent for the tests: imported in the environment that has it, by the name in `--agent`.

Its settings are AgentLab's own for a large model, but for the token limit, whose tokenizer comes from the network.
"""

from copy import deepcopy

from agentlab.agents.generic_agent.agent_configs import FLAGS_GPT_4o
from agentlab.agents.generic_agent.generic_agent import GenericAgentArgs
from agentlab.llm.chat_api import OpenAIModelArgs

FLAGS = deepcopy(FLAGS_GPT_4o)
FLAGS.max_prompt_tokens = None
MODEL = OpenAIModelArgs(
    model_name="scripted", max_total_tokens=None, max_input_tokens=None, max_new_tokens=200, temperature=0.0
)
AGENT = GenericAgentArgs(chat_model_args=MODEL, flags=FLAGS)
