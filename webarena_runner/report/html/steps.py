"""Steps as a page shows them: screenshot with the element outlined, prompt without what was shown before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from webarena_runner.errors import StoreError
from webarena_runner.log.paths import AttemptPaths
from webarena_runner.log.steps import page_in
from webarena_runner.report.html.filters import inline
from webarena_runner.report.html.pictures import Picture, picture
from webarena_runner.report.units import milliseconds
from webarena_runner.types import Box, BrowserGymCalls, CallTool, Message, PlaywrightCall, Step

# A message that holds less of the page than this quotes it by chance.
PAGE_CHARACTERS = 200


@dataclass(frozen=True)
class Said:
    """One message of a prompt; the page's text in it, between `before` and `after`, is left out: `page` characters."""

    role: str
    before: str
    page: int
    after: str


@dataclass(frozen=True)
class Same:
    """So many messages of a prompt, one after the other, that step `index` sent too."""

    index: int
    messages: int
    role: None = None


@dataclass(frozen=True)
class Shot:
    """A screenshot, or in `missing` why there is none; `outline` is the acted-on element in its pixels."""

    picture: Picture | None
    missing: str = ""
    outline: Box | None = None

    @property
    def outline_is_outside(self) -> bool:
        """Whether the element is on a part of the page that the screenshot does not show."""
        box, picture = self.outline, self.picture
        return bool(
            box
            and picture
            and not (
                -box.width < box.x < picture.width and -box.height < box.y < picture.height and box.width + box.height
            )
        )


@dataclass(frozen=True)
class Shown:
    """One step."""

    step: Step
    shot: Shot
    prompt: tuple[Said | Same, ...]

    @property
    def kind(self) -> str:
        match self.step.decision.action:
            case CallTool(name=name):
                return name
            case PlaywrightCall(calls=calls) | BrowserGymCalls(calls=calls):
                return calls[-1].name.replace("_", " ")
            case action:
                return action.kind.replace("_", " ")

    @property
    def parsed(self) -> list[tuple[str, str]]:
        """The action's parts beside its kind, as they were read from the reply."""
        action = self.step.decision.action
        if isinstance(action, CallTool):
            return [
                (name, value if isinstance(value, str) else inline(value)) for name, value in action.arguments.items()
            ]
        # The text of a chain of calls says it all.
        raw = action.model_dump(mode="json", exclude={"kind", "calls"})
        texts = {name: value if isinstance(value, str) else inline(value) for name, value in raw.items()}
        return [(name.replace("_", " "), text) for name, text in texts.items()]

    @property
    def spent(self) -> str:
        """What its time went into, the longest first; what took no time is left out."""
        parts = sorted(self.step.timings_ms.items(), key=lambda part: -part[1])
        return " · ".join(f"{name} {milliseconds(spent_ms)}" for name, spent_ms in parts if spent_ms >= 1)

    @property
    def spent_ms(self) -> float:
        return sum(self.step.timings_ms.values())

    @property
    def remarks(self) -> list[str]:
        """What a reader has to know of the step, beside what it did."""
        seen, decision = self.step.observation, self.step.decision
        cut = decision.cut_tokens
        too_long = [f"{cut:,} tokens of the observation did not fit the prompt"] if cut else []
        busy = [f"still busy when the wait ended: {', '.join(seen.still_busy)}"] if seen.still_busy else []
        busy += ["read before it had its time: the machine was too busy"] if seen.starved else []
        other = [f"not waited for: {', '.join(seen.not_awaited)}"] if seen.not_awaited else []
        failed = [f"a site failed: {each}" for each in seen.site_failures]
        deviations = [f"official would differ: {each}" for each in seen.deviations]
        return [*filter(None, (decision.note,)), *too_long, *busy, *other, *failed, *deviations]


@dataclass(frozen=True)
class Unreadable:
    """A line of the log that is no step, and why."""

    fault: str
    step: None = None


def shown_steps(
    steps: Iterable[Step | StoreError], paths: AttemptPaths, *, why_none: str
) -> Iterator[Shown | Unreadable]:
    """`why_none` is said where a step names no picture."""
    first_sent: dict[tuple[str, str], int] = {}
    for step in steps:
        if isinstance(step, StoreError):
            yield Unreadable(str(step))
            continue
        prompt = tuple(_prompt(step, first_sent))
        acted_on = step.acted_on.box if step.acted_on else None
        yield Shown(step, shot(paths, step.screenshot_file, acted_on, why_none=why_none), prompt)


def shot(paths: AttemptPaths, name: str | None, outline: Box | None = None, *, why_none: str) -> Shot:
    found = picture(paths, name, why_none=why_none)
    return Shot(None, missing=found) if isinstance(found, str) else Shot(found, outline=outline)


def _prompt(step: Step, first_sent: dict[tuple[str, str], int]) -> Iterator[Said | Same]:
    """`first_sent` says of messages which step sent them first, and is kept up to date."""
    same = Same(-1, 0)
    for message in step.decision.messages:
        said = _said(message, step)
        first = step.index if said.page else first_sent.setdefault((said.role, said.before), step.index)
        if first != step.index and first == same.index:
            same = Same(first, same.messages + 1)
            continue
        if same.messages:
            yield same
        same = Same(first, 1) if first != step.index else Same(-1, 0)
        if not same.messages:
            yield said
    if same.messages:
        yield same


def _said(message: Message, step: Step) -> Said:
    role, content = message.name or message.role, message.content
    start, length = page_in(content, step.observation.text)
    if length > PAGE_CHARACTERS:
        return Said(role, content[:start], length, content[start + length :])
    return Said(role, content, 0, "")
