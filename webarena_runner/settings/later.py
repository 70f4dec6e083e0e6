"""Settings of a run that goes on, with what is said anew at this start."""

from collections.abc import Sequence
from functools import reduce
from operator import getitem

from pydantic import ValidationError

from webarena_runner.errors import ConfigError
from webarena_runner.settings.conflicts import refuse_idle
from webarena_runner.settings.loading import Given, require_prices
from webarena_runner.settings.records import RunConfig, RunSettings
from webarena_runner.settings.yaml import describe


def with_given(config: RunConfig, given: Sequence[Given]) -> RunConfig:
    """The same settings with other values of keys that change no score: limits of the run, and who plays it.

    Raises:
        ConfigError: a value is none, nothing would use it, or the model has no prices.
    """
    origins, values = {each.key: each.origin for each in given}, config.settings.model_dump()
    for each in given:
        *above, last = each.key.split(".")
        reduce(getitem, above, values)[last] = each.value
    try:
        settings = RunSettings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(describe(error, origins)) from None
    refuse_idle(origins, settings, has_model=config.model is not None)
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
