"""What an environment's program says, in version 1 of its protocol: JSON-RPC 2.0, one message a line.

`docs/plug-ins/environment-program.md` describes it for who writes one.
"""

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from webarena_runner.types import Tool


class _Said(BaseModel):
    # A program of a later version may say more.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Ready(_Said):
    """The answer to `initialize`; `versions` are those that a number may depend on."""

    protocol: int
    versions: dict[str, str] = Field(default_factory=dict)


class Seen(_Said):
    """The answer to `call`: what the call gave. `error` is why it did nothing; `over`: the episode has ended by it."""

    text: str
    error: str = ""
    over: bool = False


class Begun(_Said):
    """The answer to `begin`; `intent` "" leaves that of the task."""

    text: str
    tools: tuple[Tool, ...] = Field(min_length=1)
    intent: str = ""


class Scored(_Said):
    """The answer to `score`."""

    value: float = Field(ge=0, le=1, allow_inf_nan=False)
    explanation: str = ""
    evidence: dict[str, JsonValue] = Field(default_factory=dict)


class Ended(_Said):
    """The answer to `end`, which says nothing."""
