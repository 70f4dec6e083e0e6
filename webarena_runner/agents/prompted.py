"""The official agent: one prompt with the current page and the last action, one reply, one action."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from webarena_runner.actions.calls import listed
from webarena_runner.actions.describe import describe_action
from webarena_runner.actions.id_grammar import extract_action, official_crash
from webarena_runner.actions.read import read_action
from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.actions.thoughts import ends_in_thoughts, without_thoughts
from webarena_runner.actions.urls import public_url
from webarena_runner.agents.calling import transcript
from webarena_runner.agents.constrained import asking_for_answer, both, form_of, repeats, require_forms
from webarena_runner.agents.fit import Fitted, Fitter
from webarena_runner.agents.prompt import PromptTemplate, load_prompt
from webarena_runner.errors import BrowserError, ConfigError, LimitSpent, NoAnswer
from webarena_runner.interfaces import AgentSetup, Captioner, ModelBackend, RequestTag, Wish, generate_in_form
from webarena_runner.log.wellformed import well_formed
from webarena_runner.pictures import PictureSource
from webarena_runner.settings.records import ActionSettings, Images, ObservationSettings
from webarena_runner.types import Action, Completion, Decision, Invalid, Message, Observation, Sampling, Step, Task

NO_ACTION = "None"
TASK_PICTURE = "Picture {}: belongs to the task"
STEPS_LEFT = "Steps left, this one included"


class Prompted:
    """Asks a model for each step; the prompt holds the last action only, not the history, as official."""

    takes_images = True

    def __init__(
        self,
        model: ModelBackend,
        prompt: PromptTemplate,
        *,
        sampling: Sampling,
        settings: ObservationSettings,
        actions: ActionSettings | None = None,
        images: Images = "none",
        max_steps: int | None = None,
        captioner: Captioner | None = None,
        pictures: PictureSource | None = None,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._sampling = sampling
        self._actions = actions or ActionSettings()
        self._sees = images == "screenshot"
        self._max_steps = max_steps if self._actions.tell_budget else None
        self._marked = settings.mode == "som"
        self._captioner = None if self._sees else captioner
        self._source = pictures if self._sees or captioner is not None else None
        self._fitter = Fitter(
            model, prompt_name=prompt.name, max_length=settings.max_tokens, reply_tokens=sampling.max_tokens
        )

    @classmethod
    def build(cls, setup: AgentSetup) -> "Prompted":
        """Raises ConfigError when there is no model, or the prompt is malformed or describes another action set."""
        settings = setup.settings
        if setup.model is None:
            raise ConfigError("agent 'prompted' asks a model for each step; give one with --model")
        prompt = load_prompt(settings.prompt)
        cls.require(setup.model, settings.actions, prompt)
        if setup.images == "screenshot" and settings.browser.screenshots == "none":
            raise ConfigError(
                "model.images is 'screenshot', and browser.screenshots is 'none' (--screenshots none), but the model "
                "has to be shown pictures; keep every, changed or failed ones, or set model.images=none"
            )
        return cls(
            setup.model,
            prompt,
            sampling=settings.sampling,
            settings=settings.observation,
            actions=settings.actions,
            images=setup.images,
            max_steps=settings.limits.max_steps,
            captioner=setup.captioner,
            pictures=None if "image" in setup.ignore_keys else setup.pictures,
        )

    @classmethod
    def require(cls, model: ModelBackend, actions: ActionSettings, prompt: PromptTemplate) -> None:
        """Raises ConfigError when model, actions and prompt do not fit each other."""
        wanted = actions.action_set
        if prompt.action_set == "tools":
            raise ConfigError(
                f"prompt '{prompt.name}' is for functions that the model calls; pass --agent tools, or choose another "
                "prompt with --prompt"
            )
        if prompt.action_set != wanted:
            raise ConfigError(
                f"prompt '{prompt.name}' describes the action set '{prompt.action_set}', and this run has '{wanted}'; "
                f"choose a prompt for it with --prompt, or pass --action-set {prompt.action_set}"
            )
        require_forms(model, actions)

    def check_tasks(self, tasks: Sequence[Task]) -> None:
        """Takes any task."""

    async def act(
        self, task: Task, history: Sequence[Step], now: Observation, *, urls: Mapping[str, str], trial: int = 0
    ) -> Decision:
        """Raises ModelError when the model cannot be asked, PromptTooLong when even an empty page does not fit.

        BrowserError: the model is to see the page, and there is no picture of it.
        PictureMissing: nor is there one that belongs to the task.
        """
        task = await self._in_words(task, urls)
        own = await self._source.for_models(task, urls) if self._source and self._sees else ()
        messages, fitted = await self._prompt_for(task, history, now, urls, own_pictures=len(own))
        tag = RequestTag(task.task_set, task.task_id, trial, len(history))
        seed = None if self._sampling.seed is None else self._sampling.seed + trial
        ask = partial(
            self._ask,
            pictures=(*self._pictures(now), *own),
            sampling=self._sampling.model_copy(update={"seed": seed}),
            tag=tag,
        )
        form = self._form_of(task, fitted.text, now)
        completion = await ask(messages, form=form)
        action, note = self._read(completion, urls)
        if isinstance(form, ReplyForm) and self._actions.stop_at_repeats and repeats(action, now, history):
            note = f"asked for an answer, since an earlier step did what this reply says: {completion.text}"
            messages = asking_for_answer(messages)
            completion = both(completion, await ask(messages, form=form.answer_only()))
            action, _ = self._read(completion, urls)
        return Decision(
            action=action,
            # The picture is a file of its step; in here, those of all steps would stay in memory.
            messages=messages,
            completion=completion,
            cut_tokens=fitted.cut_tokens,
            note="; ".join(filter(None, (note, fitted.note))),
        )

    async def _in_words(self, task: Task, urls: Mapping[str, str]) -> Task:
        """The task with its pictures described before its intent, for a model that does not see."""
        if self._captioner is None or self._source is None or not task.images:
            return task
        pictures = await self._source.of_task(task, urls)
        told = [
            f"{TASK_PICTURE.format(number)} and shows: {await self._captioner.caption(picture)}"
            for number, picture in enumerate(pictures, 1)
        ]
        return task.model_copy(update={"intent": "\n".join([*told, task.intent])})

    def _form_of(self, task: Task, shown: str, now: Observation) -> Wish | None:
        """What the reply is to be, where that is not left to the model; `shown` is what it sees of the page."""
        return form_of(
            self._actions,
            task,
            shown,
            now,
            reply_tokens=self._sampling.max_tokens,
            splitter=self._prompt.splitter,
        )

    async def _ask(
        self,
        messages: tuple[Message, ...],
        *,
        form: Wish | None,
        pictures: tuple[bytes, ...],
        sampling: Sampling,
        tag: RequestTag,
    ) -> Completion:
        shown = messages[-1].model_copy(update={"images": pictures})
        try:
            completion = await generate_in_form(self._model, [*messages[:-1], shown], sampling, tag=tag, form=form)
            self._require_answer(completion)
        except NoAnswer as error:
            error.messages = messages
            raise
        return completion.model_copy(update={"text": well_formed(completion.text), "seed": sampling.seed})

    def _require_answer(self, completion: Completion) -> None:
        """Raises LimitSpent when the reply was cut before there was more than thoughts, where these do not count."""
        if self._actions.skip_thoughts and completion.is_cut and ends_in_thoughts(completion.text):
            message = "the reply was cut within the model's thoughts; raise sampling.max_tokens, or have it think less"
            raise LimitSpent(message, completion=completion)

    async def _prompt_for(
        self,
        task: Task,
        history: Sequence[Step],
        now: Observation,
        urls: Mapping[str, str],
        *,
        own_pictures: int,
    ) -> tuple[tuple[Message, ...], Fitted]:
        """The messages without pictures, and what of the observation is in them; `own_pictures` are the task's."""
        render = self._renderer(task, history, now, urls)
        if own_pictures:
            render = _naming(render, own_pictures)
        if self._max_steps is not None:
            render = _telling(render, steps_left=self._max_steps - len(history))
        fitted = await self._fitter.fit(now.text, render(""), images=int(self._sees) + own_pictures)
        return render(fitted.text), fitted

    def _renderer(
        self, task: Task, history: Sequence[Step], now: Observation, urls: Mapping[str, str]
    ) -> Callable[[str], tuple[Message, ...]]:
        """From what is shown of the page to the messages, without pictures."""
        url, previous = public_url(now.url, urls), self._previous_action(history, urls)
        is_calls = self._actions.action_set == "calls"
        of_calls = {"tools": listed(task.tools), "history": transcript(history)} if is_calls else {}

        def render(observation: str) -> tuple[Message, ...]:
            messages = self._prompt.render(
                observation=observation,
                url=url,
                objective=task.intent,
                previous_action=previous,
                has_picture=self._sees,
                **of_calls,
            )
            return tuple(messages)

        return render

    def _pictures(self, now: Observation) -> tuple[bytes, ...]:
        if not self._sees:
            return ()
        if now.screenshot is None:
            raise BrowserError(f"{now.url}: there is no screenshot of the page, which the model is to see")
        return (now.screenshot,)

    def _previous_action(self, history: Sequence[Step], urls: Mapping[str, str]) -> str:
        if not history:
            return NO_ACTION
        last = history[-1]
        action, action_set, dialect = last.decision.action, self._actions.action_set, self._actions.dialect
        text = last.action_text
        if isinstance(action, Invalid) or action_set != "id" or dialect != "webarena" or self._marked:
            text = describe_action(
                action,
                last.observation,
                splitter=self._prompt.splitter,
                action_set=action_set,
                dialect=dialect,
                marked=self._marked,
            )
        if self._actions.show_errors and last.action_error:
            speaker = "environment" if action_set == "calls" else "browser"
            return f"{text}\nThe {speaker} says: {public_url(last.action_error, urls)}"
        return text

    def _read(self, completion: Completion, urls: Mapping[str, str]) -> tuple[Action, str]:
        """The action of a reply, and what is to be noted of it."""
        reply = completion.text
        skipped = self._actions.skip_thoughts
        is_open = skipped and ends_in_thoughts(reply)
        reply = self._prompt.with_prefix(without_thoughts(reply) if skipped else reply)
        extracted = extract_action(reply, self._prompt.splitter)
        if extracted is None:
            lack = f"the reply has no action between a pair of {self._prompt.splitter}"
            reason = f"{lack} before its thoughts, which do not end" if is_open else lack
            return Invalid(raw=reply, reason=reason), ""
        action = read_action(extracted, self._actions, urls)
        is_id = self._actions.action_set == "id"
        crash = official_crash(extracted, action, self._actions.dialect) if is_id else ""
        if isinstance(action, Invalid):
            action = Invalid(raw=reply, reason=action.reason)
        return action, crash


def _naming(render: Callable[[str], tuple[Message, ...]], pictures: int) -> Callable[[str], tuple[Message, ...]]:
    """The same messages, with a line for each picture after that of the page."""
    lines = "".join("\n" + TASK_PICTURE.format(number) for number in range(2, pictures + 2))

    def named(observation: str) -> tuple[Message, ...]:
        *before, last = render(observation)
        return (*before, last.model_copy(update={"content": last.content + lines}))

    return named


def _telling(render: Callable[[str], tuple[Message, ...]], *, steps_left: int) -> Callable[[str], tuple[Message, ...]]:
    def told(observation: str) -> tuple[Message, ...]:
        *before, last = render(observation)
        return (*before, last.model_copy(update={"content": f"{last.content}\n{STEPS_LEFT}: {steps_left}"}))

    return told
