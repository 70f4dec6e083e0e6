"""The records of what an agent may do in a step."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, JsonValue

from webarena_runner.types.record import Record


class Click(Record):
    kind: Literal["click"] = "click"
    element_id: str


class Hover(Record):
    kind: Literal["hover"] = "hover"
    element_id: str


class Type(Record):
    """Types text into an element after clicking it; existing content stays (official)."""

    kind: Literal["type"] = "type"
    element_id: str
    text: str
    press_enter: bool


class Clear(Record):
    """Empties an element: a click, all of it selected, Backspace (VisualWebArena)."""

    kind: Literal["clear"] = "clear"
    element_id: str


class Press(Record):
    kind: Literal["press"] = "press"
    key_comb: str


class Scroll(Record):
    kind: Literal["scroll"] = "scroll"
    direction: Literal["up", "down"]


class Goto(Record):
    kind: Literal["goto"] = "goto"
    url: str


class NewTab(Record):
    kind: Literal["new_tab"] = "new_tab"


class TabFocus(Record):
    kind: Literal["tab_focus"] = "tab_focus"
    page_number: int


class CloseTab(Record):
    kind: Literal["close_tab"] = "close_tab"


class GoBack(Record):
    kind: Literal["go_back"] = "go_back"


class GoForward(Record):
    kind: Literal["go_forward"] = "go_forward"


class Stop(Record):
    kind: Literal["stop"] = "stop"
    answer: str


CallValue = str | bool | int | float | None | list[str]


class Call(Record):
    """One call in a chain such as `page.get_by_role("link", name="x").click()`."""

    name: str
    args: tuple[CallValue, ...] = ()
    kwargs: dict[str, CallValue] = Field(default_factory=dict)


class PlaywrightCall(Record):
    """Locator calls and, last, what to do with the element they find; `locators` knows which calls there are."""

    kind: Literal["playwright"] = "playwright"
    calls: tuple[Call, ...] = Field(min_length=1)


class BrowserGymCalls(Record):
    """Calls of BrowserGym's action set, one after the other; `browsergym_grammar` knows which there are.

    `force`: an element that something covers is acted on all the same, after a while (`retry_with_force`).
    """

    kind: Literal["browsergym"] = "browsergym"
    calls: tuple[Call, ...] = Field(min_length=1)
    force: bool = False


class Tool(Record):
    """A function that an environment offers; `parameters` is the JSON schema of the object that a call has to give."""

    name: str
    description: str = ""
    parameters: dict[str, Any]


class CallTool(Record):
    """A call of a function of the environment (`Tool`); the episode holds it against the schema before it is done."""

    kind: Literal["call_tool"] = "call_tool"
    name: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class Invalid(Record):
    """A reply without a legal action: a step that does nothing."""

    kind: Literal["invalid"] = "invalid"
    raw: str
    reason: str


Action = Annotated[
    Click
    | Hover
    | Type
    | Clear
    | Press
    | Scroll
    | Goto
    | NewTab
    | TabFocus
    | CloseTab
    | GoBack
    | GoForward
    | Stop
    | PlaywrightCall
    | BrowserGymCalls
    | CallTool
    | Invalid,
    Field(discriminator="kind"),
]
ACTION_RECORDS: Mapping[str, type[Any]] = {
    record.model_fields["kind"].default: record for record in get_args(get_args(Action)[0])
}
