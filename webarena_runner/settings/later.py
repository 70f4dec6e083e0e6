"""Settings of a run that goes on, with what is said anew at this start."""

from collections.abc import Sequence

from pydantic import ValidationError

from webarena_runner.errors import ConfigError
from webarena_runner.settings.loading import Given, require_prices
from webarena_runner.settings.records import LimitSettings, RunConfig, RunSettings
from webarena_runner.settings.yaml import describe


def with_limits(config: RunConfig, given: Sequence[Given]) -> RunConfig:
    """The same settings with other values of some keys of `limits`.

    Raises:
        ConfigError: one is none, or the model has no prices.
    """
    changes = {each.key.removeprefix("limits."): each.value for each in given}
    try:
        limits = LimitSettings.model_validate(config.settings.limits.model_dump() | changes)
    except ValidationError as error:
        raise ConfigError(describe(error, {each.key: each.origin for each in given}, under=("limits",))) from None
    settings = config.settings.model_copy(update={"limits": limits})
    changed = config.model_copy(update={"settings": settings})
    require_prices(changed)
    return changed


def with_reset(config: RunConfig, when: str | None) -> RunConfig:
    """The same settings with another time to reset sites, where it is given. Raises ConfigError when it is none."""
    if when is None:
        return config
    try:
        settings = RunSettings.model_validate(config.settings.model_dump() | {"reset": when})
    except ValidationError as error:
        raise ConfigError(describe(error, {"reset": "--reset"})) from None
    return config.model_copy(update={"settings": settings})
