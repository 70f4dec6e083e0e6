"""What readers of a run folder count on in its manifest's `config`, whose other keys are the settings' own."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from webarena_runner.settings.described import LeaderboardInfo


class _Model(BaseModel):
    model: str = ""
    leaderboard: LeaderboardInfo = LeaderboardInfo()


class _Actions(BaseModel):
    action_set: str = ""
    skip_thoughts: bool = False


class _Scoring(BaseModel):
    judge_skip_thoughts: bool = False


class _Settings(BaseModel, strict=True):
    trials: int
    seed: int
    prompt: str = ""
    actions: _Actions = _Actions()
    scoring: _Scoring = _Scoring()


class _Tasks(BaseModel):
    expression: str


class _Config(BaseModel):
    settings: _Settings
    model: _Model | None
    tasks: _Tasks
    sites: dict[str, Any]


def faults_in(config: dict[str, Any]) -> Iterator[str]:
    """The keys that are missing, or hold what they cannot, in the order in which readers need them."""
    try:
        _Config.model_validate(config, extra="ignore")
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            yield ".".join(("config", *map(str, fault["loc"]))) + (
                "" if fault["type"] == "missing" else f" ({fault['msg']})"
            )
