"""Records whose fields say what they are for, and the one that readers of run folders need of the settings."""

from pydantic import ConfigDict

from webarena_runner.types import Record


class Described(Record):
    """A record whose fields have descriptions."""

    # Settings are kept as JSON, which has no infinity.
    model_config = ConfigDict(use_attribute_docstrings=True, allow_inf_nan=False)


class LeaderboardInfo(Described):
    """What the leaderboard row says of a model."""

    open_weights: bool | None = None
    """whether the weights are published; null leaves the column empty"""
    size_b: float | None = None
    """size in billions of parameters"""
    release_date: str = ""
    """day the model was released, as YYYY-MM-DD"""
    work: str = ""
    """paper, report or page that describes the model"""
