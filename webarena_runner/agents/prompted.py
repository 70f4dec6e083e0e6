"""The official agent: one prompt with the current page and the last action, one reply, one action."""

from collections.abc import Mapping, Sequence

from webarena_runner.agents._describe import describe_action
from webarena_runner.agents._parse import extract_action, official_crash
from webarena_runner.agents._prompt import PromptTemplate, load_prompt
from webarena_runner.agents._read import read_action
from webarena_runner.agents._urls import public_url
from webarena_runner.config import ActionSettings, ObservationSettings
from webarena_runner.errors import ConfigError, PromptTooLong
from webarena_runner.interfaces import AgentSetup, ModelBackend, RequestTag
from webarena_runner.types import Action, Decision, Invalid, Message, Observation, Sampling, Step, Task
from webarena_runner.wellformed import well_formed

NO_ACTION = "None"
# What a chat template adds around one message, rounded up, and the official reply limit.
MESSAGE_TOKENS = 10
REPLY_TOKENS = 384


class Prompted:
    """Asks a model for each step; the prompt holds the last action only, not the history, as official."""

    def __init__(
        self,
        model: ModelBackend,
        prompt: PromptTemplate,
        *,
        sampling: Sampling,
        settings: ObservationSettings,
        actions: ActionSettings | None = None,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._sampling = sampling
        self._settings = settings
        self._actions = actions or ActionSettings()
        self._fixed_tokens: int | None = None

    @classmethod
    def build(cls, setup: AgentSetup) -> "Prompted":
        """Raises ConfigError when there is no model, or the prompt is malformed or describes another action set."""
        config = setup.config
        if setup.model is None:
            raise ConfigError("agent 'prompted' asks a model for each step; give one with --model")
        prompt, wanted = load_prompt(config.prompt), config.actions.action_set
        if prompt.action_set != wanted:
            raise ConfigError(
                f"prompt '{prompt.name}' describes the action set '{prompt.action_set}', and this run has '{wanted}'; "
                f"choose a prompt for it with --prompt, or pass --action-set {prompt.action_set}"
            )
        return cls(setup.model, prompt, sampling=config.sampling, settings=config.observation, actions=config.actions)

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Takes any task."""

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        """Raises ModelError when the model cannot be asked, PromptTooLong when even an empty page does not fit."""
        messages, cut_tokens = await self._fitted(task, history, now, urls)
        tag = RequestTag(task.task_set, task.task_id, trial, len(history))
        completion = await self._model.generate(messages, self._sampling, tag=tag)
        completion = completion.model_copy(update={"text": well_formed(completion.text)})
        action, note = self._read(completion.text, urls)
        if cut_tokens and self._model.estimates_tokens:
            note = "; ".join(filter(None, (note, "the observation was cut by an estimate of its tokens")))
        return Decision(
            action=action, messages=tuple(messages), completion=completion, cut_tokens=cut_tokens, note=note
        )

    async def _fitted(
        self, task: Task, history: Sequence[Step], now: Observation, urls: Mapping[str, str]
    ) -> tuple[list[Message], int]:
        """The prompt, its observation cut to `max_tokens` and to what the context window leaves; and the tokens cut."""
        url, previous = public_url(now.url, urls), self._previous_action(history, urls)

        def render(observation: str) -> list[Message]:
            return self._prompt.render(
                observation=observation, url=url, objective=task.intent, previous_action=previous
            )

        limit = await self._limit(render(""))
        if limit is None:
            return render(now.text), 0
        total = await self._model.count_tokens(now.text)
        if total <= limit:
            return render(now.text), 0
        return render(await self._model.truncate(now.text, limit)), total - limit

    async def _limit(self, messages: Sequence[Message]) -> int | None:
        """Tokens that the observation may have, given the messages without it."""
        limit, window = self._settings.max_tokens, self._model.context_window
        if window is None:
            return limit
        if self._fixed_tokens is None:
            self._fixed_tokens = await self._model.count_tokens("\n".join(message.content for message in messages[:-1]))
        current = messages[-1].content
        rest = self._fixed_tokens + MESSAGE_TOKENS * (len(messages) + 1) + (self._sampling.max_tokens or REPLY_TOKENS)
        # No token is shorter than a byte: mostly this settles it, and saves asking the tokenizer.
        if limit is not None and rest + len(current.encode()) + limit <= window:
            return limit
        room = window - rest - await self._model.count_tokens(current)
        if room <= 0:
            raise PromptTooLong(
                f"prompt '{self._prompt.name}' without any page, and the reply, take {window - room} tokens; the "
                f"context window is {window}: use a model with a larger one, a shorter prompt, or a smaller "
                "sampling.max_tokens"
            )
        return room if limit is None else min(limit, room)

    def _previous_action(self, history: Sequence[Step], urls: Mapping[str, str]) -> str:
        if not history:
            return NO_ACTION
        last = history[-1]
        action, action_set = last.decision.action, self._actions.action_set
        text = last.action_text
        if isinstance(action, Invalid) or action_set != "id":
            text = describe_action(action, last.observation, splitter=self._prompt.splitter, action_set=action_set)
        if self._actions.show_errors and last.action_error:
            return f"{text}\nThe browser says: {public_url(last.action_error, urls)}"
        return text

    def _read(self, reply: str, urls: Mapping[str, str]) -> tuple[Action, str]:
        reply = self._prompt.with_prefix(reply)
        extracted = extract_action(reply, self._prompt.splitter)
        if extracted is None:
            reason = f"the reply has no action between a pair of {self._prompt.splitter}"
            return Invalid(raw=reply, reason=reason), ""
        action = read_action(extracted, self._actions, urls)
        crash = official_crash(extracted, action) if self._actions.action_set == "id" else ""
        if isinstance(action, Invalid):
            action = Invalid(raw=reply, reason=action.reason)
        return action, crash
