"""The reference actions of a task: what does it, by role and name of elements, so that no id of a run is in them."""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from webarena_runner.errors import TaskFileError
from webarena_runner.types import Record, Task


class ElementAction(Record):
    """Acts on the element with this role and accessible name.

    `nth` counts the matches in view from 0; `after` skips all lines up to the first that contains this text;
    `replace` empties a field before typing, since typing appends.
    """

    do: Literal["click", "hover", "type"]
    role: str
    name: str
    match: Literal["exact", "contains"] = "exact"
    nth: int = 0
    after: str = ""
    text: str = ""
    enter: bool = False
    replace: bool = False


class KeyAction(Record):
    do: Literal["press"]
    keys: str


class GotoAction(Record):
    do: Literal["goto"]
    url: str


class ScrollAction(Record):
    do: Literal["scroll"]
    direction: Literal["up", "down"]


class FocusAction(Record):
    do: Literal["tab_focus"]
    n: int


class BareAction(Record):
    do: Literal["new_tab", "close_tab", "go_back"]


class StopAction(Record):
    do: Literal["stop"]
    answer: str


class CallAction(Record):
    """Calls a function of the environment."""

    do: Literal["call"]
    name: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


ReferenceAction = Annotated[
    ElementAction | KeyAction | GotoAction | ScrollAction | FocusAction | BareAction | StopAction | CallAction,
    Field(discriminator="do"),
]
REFERENCE_ACTIONS: TypeAdapter[list[ReferenceAction]] = TypeAdapter(list[ReferenceAction])


def reference_plan(task: Task) -> tuple[ReferenceAction, ...]:
    """The actions that do a task, as its record lists them.

    Raises:
        TaskFileError: it lists none, or malformed ones.
    """
    listed: Any = task.raw.get("reference_actions")
    if not listed:
        raise TaskFileError(
            f"task {task.task_id} of {task.task_set} has no reference_actions to play; use a "
            "model, or a task set whose tasks have them (see: wa-run --help)"
        )
    try:
        return tuple(REFERENCE_ACTIONS.validate_python(listed))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TaskFileError(
            f"task {task.task_id} of {task.task_set}: reference_actions.{where}: {first['msg']}"
        ) from error
