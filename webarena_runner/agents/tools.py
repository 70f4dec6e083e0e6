"""An agent whose actions are calls of functions, in a conversation that goes on from step to step."""

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import ClassVar

from webarena_runner.actions.calls import STOP, read_only
from webarena_runner.actions.tools import ActionTools, read_calls
from webarena_runner.actions.urls import public_url
from webarena_runner.agents.prompt import PICTURE_LINE, PromptTemplate
from webarena_runner.agents.prompted import NO_ACTION, Prompted
from webarena_runner.errors import ConfigError
from webarena_runner.interfaces import ModelBackend, tools_fault
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import Action, Completion, Invalid, Message, Observation, Step, Task

PAST_PAGE = "(the page as it was then)"
DONE = "done"
NO_CALL = "Your last reply called no function. Each reply has to call one."


class ToolCalling(Prompted):
    """Asks a model for each step, which answers by calling a function.

    The prompt is the task, then all calls so far with their results, then the page as it is now: earlier pages are left
    out, so that a prompt grows by a few lines a step.
    """

    prompt: ClassVar[str] = "tools"
    prompts: ClassVar[Mapping[str, str]] = {"calls": "calls_tools"}
    _FORM: ClassVar[ActionTools] = ActionTools()

    @classmethod
    def require(cls, model: ModelBackend, actions: ActionSettings, prompt: PromptTemplate) -> None:
        """Raises ConfigError when the model cannot be given functions, or settings are for replies that are texts."""
        if prompt.action_set != "tools":
            raise ConfigError(
                f"prompt '{prompt.name}' describes actions that are written as text, and agent 'tools' has functions; "
                "leave --prompt out, or choose one with action_set: tools"
            )
        if fault := tools_fault(model):
            raise ConfigError(
                f"agent 'tools' gives the model functions to call: {fault}; use a server with OpenAI's chat API "
                "(openai_chat, vllm-server, llama-cpp) or gemini, or the agent 'prompted'"
            )
        texts = {
            "actions.action_set": actions.action_set not in ("id", "calls"),
            "actions.constrain": actions.constrain != "none",
            "actions.stop_at_repeats": actions.stop_at_repeats,
        }
        if wrong := [name for name, is_set in texts.items() if is_set]:
            raise ConfigError(f"{wrong[0]} is for replies that are texts, and agent 'tools' has calls of functions")

    def _form_of(self, task: Task, shown: str, now: Observation) -> ActionTools:
        return ActionTools(verbs=(STOP,), tools=task.tools) if task.tools else self._FORM

    def _renderer(
        self, task: Task, history: Sequence[Step], now: Observation, urls: Mapping[str, str]
    ) -> Callable[[str], tuple[Message, ...]]:
        first = history[0].observation if history else now
        if task.tools:
            return self._conversation(task, history, first, urls)
        before, past = self._messages(task, PAST_PAGE, first, urls), self._past(history, urls)

        def render(observation: str) -> tuple[Message, ...]:
            *fixed, shown = self._messages(task, observation, now, urls)
            if not past:
                return (*fixed, shown)
            # Some chat templates want the model's turn right after a result, so that the page is a part of it;
            # but pictures cannot be in a result.
            if past[-1].role == "tool" and not self._sees:
                joined = past[-1].model_copy(update={"content": f"{past[-1].content}\n\n{shown.content}"})
                return (*before, *past[:-1], joined)
            return (*before, *past, shown)

        return render

    def _conversation(
        self, task: Task, history: Sequence[Step], first: Observation, urls: Mapping[str, str]
    ) -> Callable[[str], tuple[Message, ...]]:
        """That of an environment's functions, whose observations are what the calls gave: nothing is left out."""
        results = [step.observation.text for step in history[1:]]

        def render(observation: str) -> tuple[Message, ...]:
            before = self._messages(task, first.text if history else observation, first, urls)
            picture = [Message(role="user", content=PICTURE_LINE.strip())] if history and self._sees else []
            return (*before, *self._past(history, urls, results=[*results, observation] if history else ()), *picture)

        return render

    def _messages(self, task: Task, page: str, seen: Observation, urls: Mapping[str, str]) -> list[Message]:
        return self._prompt.render(
            observation=page,
            url=public_url(seen.url, urls),
            objective=task.intent,
            previous_action=NO_ACTION,
            has_picture=self._sees,
        )

    def _past(
        self, history: Sequence[Step], urls: Mapping[str, str], *, results: Sequence[str] = ()
    ) -> tuple[Message, ...]:
        """`results` are what was there after each step, where the agent is shown all of that."""
        messages: list[Message] = []
        for step, shown in zip(history, results or repeat(""), strict=False):
            reply = step.decision.completion or Completion(text="")
            # Servers tell results apart by ids, which not all of them give; some want nine letters and digits.
            calls = tuple(
                call if call.id else call.model_copy(update={"id": f"call{step.index:03d}{number:02d}"})
                for number, call in enumerate(reply.tool_calls)
            )
            if calls or reply.text:
                messages.append(Message(role="assistant", content=reply.text, tool_calls=calls))
            result = _with(self._result(step, urls), shown)
            messages += (Message(role="tool", content=result, answers=call) for call in calls)
            if not calls:
                messages.append(Message(role="user", content=_with(NO_CALL, shown)))
        return tuple(messages)

    def _result(self, step: Step, urls: Mapping[str, str]) -> str:
        action = step.decision.action
        if isinstance(action, Invalid):
            return f"not done: {action.reason}"
        if self._actions.show_errors and step.action_error:
            return f"not done: {public_url(step.action_error, urls)}"
        return DONE

    def _read(self, completion: Completion, urls: Mapping[str, str]) -> tuple[Action, str]:
        read = read_only if self._actions.action_set == "calls" else read_calls
        action = read(completion.tool_calls, self._actions, urls)
        if isinstance(action, Invalid):
            return Invalid(raw=completion.said, reason=action.reason), ""
        return action, ""


def _with(result: str, shown: str) -> str:
    """What a call gave: what is there now, and that it did something only where nothing is."""
    told = "" if result == DONE and shown else result
    return "\n\n".join(filter(None, (told, shown)))
