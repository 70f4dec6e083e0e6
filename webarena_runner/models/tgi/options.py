"""`options` of a model file with `backend: tgi`."""

from typing import Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from webarena_runner.models.shared.formats import ExampleRoles, FormatName
from webarena_runner.models.shared.options import RemoteOptions, TokenOptions
from webarena_runner.models.tgi.launch import DockerOptions


class TgiOptions(RemoteOptions, TokenOptions):
    """`prompt_format` template: the chat route, with the server's own template; any other: our text to `/generate`.

    `tokenizer`: server (TGI's /tokenize), hf:REPOSITORY, the path of a tokenizer.json, tiktoken:ENCODING or estimate.
    `ready_timeout_s`: how long a run waits at its start for a server that is still loading. `launch` and `docker` are
    for `wa-run models serve`. The parameters from `repetition_penalty` on go with each request; all but
    `frequency_penalty` need `/generate`. `truncate` keeps the last tokens of a prompt and drops the first, which are
    the instructions. `decoder_input_details` has the server list the prompt's tokens: only for a TGI that does not
    send their number as the header x-prompt-tokens.
    """

    base_url: str = "http://127.0.0.1:8080"
    api_key_env: str | None = None
    prompt_format: FormatName = "template"
    example_roles: ExampleRoles = "turns"
    tokenizer: str = "server"
    ready_timeout_s: PositiveFloat = 30
    launch: dict[str, Any] = Field(default_factory=dict)
    docker: DockerOptions = DockerOptions()
    repetition_penalty: PositiveFloat | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    top_k: PositiveInt | None = None
    typical_p: Annotated[float, Field(gt=0, lt=1)] | None = None
    truncate: PositiveInt | None = None
    decoder_input_details: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """Generation parameters that are set, as TGI names them."""
        return self.model_dump(include=set(_PARAMETERS), exclude_defaults=True)


_PARAMETERS = ("repetition_penalty", "frequency_penalty", "top_k", "typical_p", "truncate", "decoder_input_details")
