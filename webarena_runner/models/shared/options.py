"""The `options` of a model file, checked by the backend that they are for."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, ValidationError

from webarena_runner.errors import ConfigError
from webarena_runner.models.shared.retry import RetryPolicy
from webarena_runner.settings.records import ModelSpec
from webarena_runner.settings.yaml import describe


class BackendOptions(BaseModel):
    """Base of each backend's nested `Options`; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RemoteOptions(BackendOptions):
    """Base for backends that ask a server; `timeout_s` is for one attempt."""

    timeout_s: PositiveFloat = 120
    max_retries: NonNegativeInt = 8
    retry_first_wait_s: PositiveFloat = 1
    retry_longest_wait_s: PositiveFloat = 30

    @property
    def retry_policy(self) -> RetryPolicy:
        return RetryPolicy(self.max_retries, self.retry_first_wait_s, self.retry_longest_wait_s)


class TokenOptions(BackendOptions):
    """Base for backends that can tell the tokens of a reply; `logprobs`: with the log-probability of each."""

    logprobs: bool = False


Chosen = TypeVar("Chosen", bound=BackendOptions)


def parse_options(options: type[Chosen], spec: ModelSpec) -> Chosen:
    """Raises ConfigError that names each wrong key and what was expected."""
    try:
        return options.model_validate(spec.options)
    except ValidationError as error:
        where = {"": f"model '{spec.name}', options of backend {spec.backend}"}
        raise ConfigError(describe(error, where, valid=sorted(options.model_fields))) from error
