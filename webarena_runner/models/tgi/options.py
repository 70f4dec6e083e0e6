"""`options` of a model file with `backend: tgi`."""

from typing import Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from webarena_runner.models.shared.formats import ExampleRoles, FormatName
from webarena_runner.models.shared.options import RemoteOptions, TokenOptions
from webarena_runner.models.tgi.launch import DockerOptions


class TgiOptions(RemoteOptions, TokenOptions):
    """`options` of a model file with `backend: tgi`."""

    base_url: str = "http://127.0.0.1:8080"
    """where the server is"""
    api_key_env: str | None = None
    """environment variable that holds the key; null: no key is sent"""
    prompt_format: FormatName = "template"
    """template: the chat route, with the server's own template; any other: our text to /generate"""
    example_roles: ExampleRoles = "turns"
    """examples of the prompt as earlier turns, or as the named system messages that official sends"""
    tokenizer: str = "server"
    """server (TGI's /tokenize), hf:REPOSITORY, the path of a tokenizer.json, tiktoken:ENCODING or estimate"""
    ready_timeout_s: PositiveFloat = 30
    """seconds that a run waits at its start for a server that is still loading"""
    launch: dict[str, Any] = Field(default_factory=dict)
    """flags of text-generation-launcher, for `wa-run models serve`"""
    docker: DockerOptions = DockerOptions()
    """how `wa-run models serve --docker` runs it"""
    repetition_penalty: PositiveFloat | None = None
    """sent with each request; needs /generate"""
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    """sent with each request"""
    top_k: PositiveInt | None = None
    """sent with each request; needs /generate"""
    typical_p: Annotated[float, Field(gt=0, lt=1)] | None = None
    """sent with each request; needs /generate"""
    truncate: PositiveInt | None = None
    """keeps the last tokens of a prompt and drops the first, which are the instructions; needs /generate"""
    decoder_input_details: bool = False
    """have the server list the prompt's tokens; only for a TGI that does not send their number as the header
    x-prompt-tokens; needs /generate"""

    @property
    def parameters(self) -> dict[str, Any]:
        """Generation parameters that are set, as TGI names them."""
        return self.model_dump(include=set(_PARAMETERS), exclude_defaults=True)


_PARAMETERS = ("repetition_penalty", "frequency_penalty", "top_k", "typical_p", "truncate", "decoder_input_details")
