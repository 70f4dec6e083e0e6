"""The `options` of a model file, checked by the backend that they are for."""

from typing import TypeVar

from pydantic import NonNegativeInt, PositiveFloat

from webarena_runner.models.shared.retry import RetryPolicy
from webarena_runner.settings.options import PlugInOptions, plug_in_options
from webarena_runner.settings.records import ModelSpec


class RemoteOptions(PlugInOptions):
    """Base for backends that ask a server."""

    timeout_s: PositiveFloat = 120
    """seconds until one attempt at a request counts as failed"""
    max_retries: NonNegativeInt = 8
    """times a request is tried again"""
    retry_first_wait_s: PositiveFloat = 1
    """seconds before the second attempt; each later wait is twice as long, with some chance in it"""
    retry_longest_wait_s: PositiveFloat = 30
    """seconds that no wait is longer than, unless the server asks for more"""
    probe: bool = True
    """ask for one token before a run, so that what every request would be refused for is told before the first
    episode"""

    @property
    def retry_policy(self) -> RetryPolicy:
        return RetryPolicy(self.max_retries, self.retry_first_wait_s, self.retry_longest_wait_s)


class TokenOptions(PlugInOptions):
    """Base for backends that can say which tokens a reply has."""

    logprobs: bool = False
    """keep the reply's token ids and log-probabilities with each step, where the server sends them"""


Chosen = TypeVar("Chosen", bound=PlugInOptions)


def parse_options(options: type[Chosen], spec: ModelSpec) -> Chosen:
    """Raises ConfigError that names each wrong key and what was expected."""
    where = {"": f"model '{spec.name}', options of backend {spec.backend}"}
    return plug_in_options(options, spec.options, where)
