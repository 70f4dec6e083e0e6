"""`options` of a model file with `backend: transformers`."""

from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from webarena_runner.models.shared.formats import ExampleRoles, FormatName
from webarena_runner.models.shared.options import TokenOptions


class Options(TokenOptions):
    """What Transformers is told, under the names that it has for it.

    `attn_fallback`: what to load with where the flash attention that was asked for is not to be had; None: an error.
    `square_padding`: images are padded to squares in the processor's mean colour before they are scaled.
    `batch_wait_ms`: how long the first request of a batch waits for others.
    `load_options` go to `from_pretrained`, `generate_options` into the GenerationConfig.
    """

    device_map: str | dict[str, int | str] | None = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    attn_implementation: str | None = None
    attn_fallback: Literal["sdpa", "eager"] | None = None
    trust_remote_code: bool = False
    revision: str | None = None
    prompt_format: FormatName = "template"
    example_roles: ExampleRoles = "turns"
    vision: Literal["none", "llava"] = "none"
    square_padding: bool = False
    max_batch_size: PositiveInt = 16
    batch_wait_ms: NonNegativeFloat = 10
    load_options: dict[str, Any] = Field(default_factory=dict)
    generate_options: dict[str, Any] = Field(default_factory=dict)
