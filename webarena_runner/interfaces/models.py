"""The seam between agents and the models that answer them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, cast

from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.actions.tools import ActionTools
from webarena_runner.log.paths import episode_name
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling, TaskId


@dataclass(frozen=True)
class RequestTag:
    """Whose request it is: for request ids and logs, for replies recorded earlier, and for sticky endpoints."""

    task_set: str = ""
    task_id: TaskId = -1
    trial: int = 0
    step: int = 0

    def __str__(self) -> str:
        return f"{self.task_set}.{episode_name(self.task_id, self.trial)}.{self.step}"


ObservationUnit = Literal["tokens", "characters"]


class ModelBackend(Protocol):
    """A model that answers chat requests; one object serves all concurrent episodes of a run.

    A backend class is called as `Backend(spec, environ=...)`; its class method `availability(spec, environ)` says
    without a request why it cannot run here (None: it can), its record `Options` is what a model file's `options` may
    hold. What more a class may offer: `ShowsPrompts`, `Serves`, `AsksServer`, `FitsWorkers`,
    `TellsRefusals`, `TakesForms`, `TakesTools`.
    """

    @property
    def context_window(self) -> int | None:
        """Tokens of prompt and reply together; None when neither the model file nor the server says."""
        ...

    @property
    def estimates_tokens(self) -> bool:
        """Whether `count_tokens` and `truncate` go by an estimate, because the model's tokenizer is not there."""
        ...

    @property
    def observation_unit(self) -> ObservationUnit:
        """What the profile's `observation.max_tokens` counts: officially tokens, but characters for Gemini.

        Only that cut is in characters, and the agent makes it. `count_tokens`, `truncate` and `context_window` are in
        tokens for every backend.
        """
        ...

    async def check(self) -> None:
        """Before a run: raises UsageError when the server, the key or the model is not there."""
        ...

    async def generate(self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag) -> Completion:
        """Raises ModelError when the server stays unusable after the backend's own retries."""
        ...

    async def count_tokens(self, text: str) -> int: ...

    async def truncate(self, text: str, max_tokens: int) -> str:
        """The longest head of `text` that is at most `max_tokens` tokens, cut as the official harness cuts."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True)
class Preview:
    """A prompt for people to look at; `form` says what `text` is: the prompt itself, or the messages of a request."""

    form: str
    text: str


class AsksServer(Protocol):
    """A backend whose model is behind a server, which may refuse what it is asked."""

    @property
    def facts(self) -> Mapping[str, str]:
        """What the server tells of itself that a number may depend on, for the manifest; known after the check."""
        ...

    async def probe(self) -> None:
        """One request for a token, as a run's would be. Raises UsageError when it is refused."""
        ...


class TakesForms(Protocol):
    """A backend whose sampler can be kept to a form of reply."""

    def form_fault(self) -> str:
        """Why this model's engine would not keep to one; "" when it does, and before the check while that is open."""
        ...

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: ReplyForm | None = None
    ) -> Completion: ...


class TakesTools(Protocol):
    """A backend whose model can be given functions to call; `Completion.tool_calls` are the calls of a reply."""

    def tools_fault(self) -> str:
        """Why this model cannot be given functions; "" when it can, as far as that is known."""
        ...

    async def generate(
        self, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: ActionTools | None = None
    ) -> Completion: ...


# What a reply is to be, where that is not left to the model.
Wish = ReplyForm | ActionTools


class FitsWorkers(Protocol):
    """A backend class whose server is made for a number of requests at a time; a class may have one of these alone."""

    def for_workers(self, spec: ModelSpec, workers: int) -> ModelSpec:
        """A class method; the model file as it is for a run with so many workers."""
        ...

    def requests_at_a_time(self, spec: ModelSpec) -> int | None:
        """A class method; how many the engine takes together by its model file. None: that is not in it."""
        ...


class TellsRefusals(Protocol):
    """A backend whose server may say that it is asked too much (status 429)."""

    @property
    def refusals(self) -> int:
        """How often it did up to now."""
        ...


def refusals_of(model: object) -> int:
    """Of a backend that tells them; 0 of any other."""
    return int(getattr(model, "refusals", 0))


class ShowsPrompts(Protocol):
    """A backend class that shows a prompt as it would send it; needs neither the model nor its packages."""

    def preview(self, spec: ModelSpec, messages: Sequence[Message]) -> Preview:
        """A class method. Raises ConfigError for options that the backend does not take."""
        ...


ServeHow = Literal["local", "docker"]


@dataclass(frozen=True)
class ServeCommand:
    """`environ` is added to that of this process; `assignments` let a run use the server at `base_url`.

    The server is ready when `/health` at the root of `base_url` answers with success. `check` is awaited before the
    start, `folder` is made; at the end the container named `container` is removed.
    """

    arguments: tuple[str, ...]
    base_url: str
    assignments: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[], Awaitable[None]] | None = None
    folder: Path | None = None
    container: str = ""


class Serves(Protocol):
    """A backend class whose model server `wa-run models serve` can start."""

    def serve_command(
        self, spec: ModelSpec, *, how: ServeHow | None, port: int | None, environ: Mapping[str, str], only_print: bool
    ) -> ServeCommand:
        """A class method; `how` and `port` None leave them to the backend, `only_print` asks for no program or key.

        Raises:
            ConfigError: a wrong option, a way of starting that there is not, or the program is not here.
        """
        ...


def form_fault(model: ModelBackend) -> str:
    """Why a model's sampler cannot be kept to a form of reply; "" when it can."""
    if not hasattr(model, "form_fault"):
        return "its backend has no way to keep replies to a grammar"
    return cast("TakesForms", model).form_fault()


def tools_fault(model: ModelBackend) -> str:
    """Why a model cannot be given functions to call; "" when it can."""
    if not hasattr(model, "tools_fault"):
        return "its backend has no way to give it functions"
    return cast("TakesTools", model).tools_fault()


async def generate_in_form(
    model: ModelBackend, messages: Sequence[Message], sampling: Sampling, *, tag: RequestTag, form: Wish | None
) -> Completion:
    """Asks a model, which need not know of forms and functions where there are none."""
    match form:
        case None:
            return await model.generate(messages, sampling, tag=tag)
        case ReplyForm():
            return await cast("TakesForms", model).generate(messages, sampling, tag=tag, form=form)
        case ActionTools():
            return await cast("TakesTools", model).generate(messages, sampling, tag=tag, form=form)
