"""`options` of a model file with `backend: transformers`."""

from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from webarena_runner.models.shared.formats import ExampleRoles, FormatName
from webarena_runner.models.shared.options import TokenOptions


class TransformersOptions(TokenOptions):
    """`options` of a model file with `backend: transformers`, under the names that Transformers has for them."""

    device_map: str | dict[str, int | str] | None = "auto"
    """Transformers' own"""
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """Transformers' own"""
    attn_implementation: str | None = None
    """Transformers' own; flash_attention_2 is checked before loading"""
    attn_fallback: Literal["sdpa", "eager"] | None = None
    """what to load with where flash attention was asked for and is not there; null: an error"""
    trust_remote_code: bool = False
    """Transformers' own"""
    revision: str | None = None
    """branch, tag or commit of the model on its hub"""
    prompt_format: FormatName = "template"
    """how messages become text: template (the model's own), llama3, llama2, llava-llama3 or completion"""
    example_roles: ExampleRoles = "turns"
    """examples of the prompt as earlier turns, or as the named system messages that official sends"""
    vision: Literal["none", "llava"] = "none"
    """llava: the model sees pictures"""
    square_padding: bool = False
    """pad images to squares in the processor's mean colour before they are scaled"""
    max_batch_size: PositiveInt = 16
    """requests that go through the model together"""
    batch_wait_ms: NonNegativeFloat = 10
    """milliseconds that the first request of a batch waits for others"""
    load_options: dict[str, Any] = Field(default_factory=dict)
    """further arguments of `from_pretrained`"""
    sampler_defaults: Literal["off", "checkpoint"] = "off"
    """off: samplers that the checkpoint's generation_config would add to those of the profile (top_k, min_p, repetition
    penalties) have no effect; checkpoint: they have"""
    generate_options: dict[str, Any] = Field(default_factory=dict)
    """further values of the GenerationConfig"""
