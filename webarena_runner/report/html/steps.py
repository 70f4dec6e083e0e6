"""Steps as a page shows them: screenshot with the element outlined, prompt without what was shown before."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import StoreError
from webarena_runner.log.paths import AttemptPaths
from webarena_runner.log.steps import page_in
from webarena_runner.report.html.pictures import Picture, picture
from webarena_runner.types import Box, Message, Observation, Step

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
    images: int
    same_as: int | None


@dataclass(frozen=True)
class Shot:
    """A screenshot, or in `missing` why there is none; `outline` is the acted-on element in its pixels."""

    picture: Picture | None
    missing: str = ""
    outline: Box | None = None


@dataclass(frozen=True)
class Shown:
    """One step, or in `fault` why a line of the log is none."""

    step: Step | None
    shot: Shot | None = None
    prompt: tuple[Said, ...] = ()
    fault: str = ""

    @property
    def action(self) -> dict[str, Any]:
        """The parsed action's parts, its kind first."""
        return self.step.decision.action.model_dump(mode="json") if self.step else {}


def shown_steps(steps: Iterable[Step | StoreError], paths: AttemptPaths) -> Iterator[Shown]:
    first_sent: dict[tuple[str, str], int] = {}
    for step in steps:
        if isinstance(step, StoreError):
            yield Shown(None, fault=str(step))
            continue
        prompt = tuple(_said(message, step, first_sent) for message in step.decision.messages)
        acted_on = step.acted_on.box if step.acted_on else None
        yield Shown(step, shot(paths, step.screenshot_file, acted_on), prompt)


def shot(paths: AttemptPaths, name: str | None, outline: Box | None = None) -> Shot:
    found = picture(paths, name)
    return Shot(None, missing=found) if isinstance(found, str) else Shot(found, outline=outline)


def pictures_of(shots: Sequence[Shot]) -> list[Picture]:
    return [each.picture for each in shots if each.picture]


def spent(step: Step) -> list[tuple[str, float]]:
    """What the step's time went into, the longest first."""
    return sorted(step.timings_ms.items(), key=lambda part: -part[1])


def busy(observation: Observation) -> tuple[str, ...]:
    return (*observation.still_busy, *observation.not_awaited)


def _said(message: Message, step: Step, first_sent: dict[tuple[str, str], int]) -> Said:
    role = message.name or message.role
    start, length = page_in(message.content, step.observation.text)
    images = len(message.images)
    if length > PAGE_CHARACTERS:
        content = message.content
        return Said(role, content[:start], length, content[start + length :], images, None)
    earlier = first_sent.setdefault((role, message.content), step.index)
    same_as = earlier if earlier != step.index else None
    return Said(role, "" if same_as is not None else message.content, 0, "", images, same_as)
