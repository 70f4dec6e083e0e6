"""Options that a plug-in has of its own, validated by its own record."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from webarena_runner.errors import ConfigError
from webarena_runner.settings.draft import valid_keys
from webarena_runner.settings.yaml import Document, describe


class PlugInOptions(BaseModel):
    """Base of a plug-in's `Options`: an unknown key is an error, and the text below a field is its description."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


Options = TypeVar("Options", bound=BaseModel)


def plug_in_options(
    record: type[Options],
    values: Mapping[str, Any],
    where: Mapping[str, str] | Document,
    *,
    under: Sequence[str] = (),
) -> Options:
    """The options as a record; `where` says of keys where they were written, `under` below which key they are there.

    Raises:
        ConfigError: it names place and key of each fault, what was expected, and for an unknown key the nearest.
    """
    try:
        return record.model_validate(values)
    except ValidationError as error:
        valid = valid_keys(record, "".join(f"{key}." for key in under))
        raise ConfigError(describe(error, where, valid=valid, under=under)) from error
