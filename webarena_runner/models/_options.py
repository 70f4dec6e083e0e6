"""The `options` of a model file, checked by the backend that they are for."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from webarena_runner._yaml import describe
from webarena_runner.config import ModelSpec
from webarena_runner.errors import ConfigError


class BackendOptions(BaseModel):
    """Base of each backend's nested `Options`; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Chosen = TypeVar("Chosen", bound=BackendOptions)


def parse_options(options: type[Chosen], spec: ModelSpec) -> Chosen:
    """Raises ConfigError that names each wrong key and what was expected."""
    try:
        return options.model_validate(spec.options)
    except ValidationError as error:
        where = {"": f"model '{spec.name}', options of backend {spec.backend}"}
        raise ConfigError(describe(error, where, valid=sorted(options.model_fields))) from error
