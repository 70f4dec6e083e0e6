"""When shared sites are put back to their first state: pure rules, and how they are written in settings."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator

Kind = Literal["never", "before-run", "per-task", "after-write", "every"]
DEFAULT = "before-run"
FORMS = "never, before-run, per-task, after-write or every:N, such as every:30"
_FORM = re.compile(r"(never|before-run|per-task|after-write)|every:([1-9][0-9]{0,5})")


@dataclass(frozen=True)
class ResetPolicy:
    """When a site is reset; `every` is the number of tasks of kind `every`."""

    kind: Kind
    every: int = 0

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError for a text that is none."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"expected {FORMS}")
        return cls("every", int(found[2])) if found[2] else cls(found[1])  # type: ignore[arg-type]

    def is_due(self, tasks: int | None, *, wrote: bool) -> bool:
        """Before the next task: `tasks` had the site since its last reset, of which one `wrote` to it.

        None: this start of the run has not reset it, so that nobody knows what was done to it.
        """
        match self.kind:
            case "never":
                return False
            case "before-run":
                return tasks is None
            case "per-task":
                return tasks is None or tasks > 0
            case "after-write":
                return tasks is None or wrote
            case "every":
                return tasks is None or tasks >= self.every

    @property
    def resets_between_tasks(self) -> bool:
        return self.kind not in ("never", "before-run")


@dataclass(frozen=True)
class Resetting:
    """What a run does of it: `when` for all instances (None: as each of them says), "before-run" only `at_start`.

    Sites that are `as_new`, each by its instance and name, need no reset before their first task.
    """

    when: str | None = None
    at_start: bool = True
    as_new: tuple[tuple[str, str], ...] = ()

    def of(self, when: str) -> ResetPolicy:
        """The policy for an instance that says so itself."""
        return ResetPolicy.of(self.when or when)


NO_RESETS = Resetting("never")


def _valid(text: str) -> str:
    ResetPolicy.of(text)
    return text


ResetWhen = Annotated[str, AfterValidator(_valid)]
