"""Steps as a page shows them: screenshot with the element outlined, prompt without what was shown before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from webarena_runner.errors import StoreError
from webarena_runner.log.paths import AttemptPaths
from webarena_runner.log.steps import page_in
from webarena_runner.report.html.filters import inline
from webarena_runner.report.html.pictures import Picture, picture
from webarena_runner.types import Box, Message, PlaywrightCall, Step

# A message that holds less of the page than this quotes it by chance.
PAGE_CHARACTERS = 200


@dataclass(frozen=True)
class Said:
    """One message of a prompt.

    `same_as` is the index of the earlier step that sent the same one, None when it is new. The page's text in it is
    left out: it is between `before` and `after`, `page` characters of it.
    """

    role: str
    before: str
    page: int
    after: str
    same_as: int | None


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
    prompt: tuple[Said, ...]

    @property
    def kind(self) -> str:
        action = self.step.decision.action
        return (action.calls[-1].name if isinstance(action, PlaywrightCall) else action.kind).replace("_", " ")

    @property
    def parsed(self) -> list[tuple[str, str]]:
        """The action's parts beside its kind, as they were read from the reply."""
        # The text of a chain of calls says it all.
        raw = self.step.decision.action.model_dump(mode="json", exclude={"kind", "calls"})
        texts = {name: value if isinstance(value, str) else inline(value) for name, value in raw.items()}
        return [(name.replace("_", " "), text) for name, text in texts.items()]

    @property
    def spent(self) -> list[tuple[str, float]]:
        """What its time went into, the longest first; what took no time is left out."""
        parts = sorted(self.step.timings_ms.items(), key=lambda part: -part[1])
        return [(name, spent_ms) for name, spent_ms in parts if spent_ms >= 1]

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
        other = [f"not waited for: {', '.join(seen.not_awaited)}"] if seen.not_awaited else []
        failed = [f"a site failed: {each}" for each in seen.site_failures]
        deviations = [f"official would differ: {each}" for each in seen.deviations]
        return [*filter(None, (decision.note,)), *too_long, *busy, *other, *failed, *deviations]


@dataclass(frozen=True)
class Unreadable:
    """A line of the log that is no step, and why."""

    fault: str
    step: None = None


def shown_steps(steps: Iterable[Step | StoreError], paths: AttemptPaths) -> Iterator[Shown | Unreadable]:
    first_sent: dict[tuple[str, str], int] = {}
    for step in steps:
        if isinstance(step, StoreError):
            yield Unreadable(str(step))
            continue
        prompt = tuple(_said(message, step, first_sent) for message in step.decision.messages)
        acted_on = step.acted_on.box if step.acted_on else None
        yield Shown(step, shot(paths, step.screenshot_file, acted_on), prompt)


def shot(paths: AttemptPaths, name: str | None, outline: Box | None = None) -> Shot:
    found = picture(paths, name)
    return Shot(None, missing=found) if isinstance(found, str) else Shot(found, outline=outline)


def _said(message: Message, step: Step, first_sent: dict[tuple[str, str], int]) -> Said:
    role = message.name or message.role
    start, length = page_in(message.content, step.observation.text)
    if length > PAGE_CHARACTERS:
        content = message.content
        return Said(role, content[:start], length, content[start + length :], None)
    earlier = first_sent.setdefault((role, message.content), step.index)
    same_as = earlier if earlier != step.index else None
    return Said(role, "" if same_as is not None else message.content, 0, "", same_as)
