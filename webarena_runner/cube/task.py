"""One task of a set, as CUBE plays it."""

from typing import Any

from cube.core import Content, Observation, StructuredContent
from cube.task import Task, TaskConfig, TaskMetadata

from webarena_runner.cube.tool import WebArenaTool, WebArenaToolConfig
from webarena_runner.gym.reference import task_of
from webarena_runner.types import Task as TaskRecord
from webarena_runner.types import TaskId

STEPS = 30


def metadata_of(task: TaskRecord) -> Any:
    return TaskMetadata(id=str(task.task_id), abstract_description=task.intent, recommended_max_steps=STEPS)


class WebArenaTask(Task[TaskMetadata, WebArenaTool]):  # type: ignore[misc]
    """The reward is the evaluators' score at the end; before it there is none."""

    def reset(self) -> tuple[Any, dict[str, Any]]:
        """Raises EpisodeError when the episode cannot begin."""
        tool: WebArenaTool = self.tool
        tool.reset()
        first = Observation(contents=[Content.from_data(tool.intent, name="Task")]) + tool.seen()
        return first, {"task_id": self.metadata.id}

    def evaluate(self, obs: Any = None) -> tuple[float, dict[str, Any]]:
        """Ends an episode that is under way.

        Raises:
            EpisodeError: its infrastructure failed, so there is no score. CUBE shows errors of tools to the agent and
                goes on; as a reward of 0 this would count against the agent.
        """
        tool: WebArenaTool = self.tool
        tool.end()
        if tool.failure is not None:
            raise tool.failure
        return float(tool.reward or 0.0), dict(tool.info)

    def finished(self, obs: Any = None) -> bool:
        tool: WebArenaTool = self.tool
        return tool.is_over

    def get_privileged_info(self) -> Any:
        """The reference actions of the task's record, by role and name of elements."""
        config = self.tool_config
        task = task_of(config.task_set, config.task_id)
        return StructuredContent(data={"reference_actions": task.raw.get("reference_actions") or []})


class WebArenaTaskConfig(TaskConfig[TaskMetadata]):  # type: ignore[misc]
    """Of the set `mini`."""

    @classmethod
    def task_set(cls) -> str:
        return "mini"

    def make(self, runtime_context: Any = None) -> WebArenaTask:
        tool_config = (self.tool_config or WebArenaToolConfig()).of(self.task_set(), _id(self.metadata.id))
        return WebArenaTask(metadata=self.metadata, tool_config=tool_config, runtime_context=runtime_context)


class OfficialTaskConfig(WebArenaTaskConfig):
    """Of the official set."""

    @classmethod
    def task_set(cls) -> str:
        return "webarena"


def _id(text: str) -> TaskId:
    return int(text) if text.isdigit() else text
