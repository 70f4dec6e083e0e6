"""What a TGI server takes, as `/info` says, and whether a model file's prompts fit in."""

from dataclasses import dataclass
from typing import Any, TypeGuard

from webarena_runner.errors import ConfigError
from webarena_runner.settings.records import ModelSpec

# The official harness's reply limit: what profiles set where a model file does not.
REPLY_TOKENS = 384
STOP_SEQUENCES = 4


@dataclass(frozen=True)
class ServerLimits:
    """`max_input_tokens` is for the prompt, `max_total_tokens` for prompt and reply together."""

    max_input_tokens: int
    max_total_tokens: int
    model_id: str = ""
    version: str = ""
    max_concurrent_requests: int | None = None
    max_stop_sequences: int = STOP_SEQUENCES


def read_info(info: Any, *, subject: str) -> ServerLimits:
    """Raises ConfigError when this is no answer of TGI's `/info`."""
    values = info if isinstance(info, dict) else {}
    # TGI before 2.0 has the older name.
    max_input, max_total = (
        values.get("max_input_tokens", values.get("max_input_length")),
        values.get("max_total_tokens"),
    )
    if not _is_count(max_input) or not _is_count(max_total):
        raise ConfigError(f"{subject}: GET /info gives no token limits; is base_url that of a TGI server?")
    concurrent, stops = values.get("max_concurrent_requests"), values.get("max_stop_sequences")
    return ServerLimits(
        max_input,
        max_total,
        model_id=str(values.get("model_id") or ""),
        version=str(values.get("version") or ""),
        max_concurrent_requests=concurrent if _is_count(concurrent) else None,
        max_stop_sequences=stops if isinstance(stops, int) else STOP_SEQUENCES,
    )


def fitted_window(spec: ModelSpec, limits: ServerLimits, *, subject: str) -> int:
    """The context window to fit prompts to: the model file's, else the largest that the server takes.

    Raises:
        ConfigError: prompts of the model file's size, or its replies, exceed the server's limits.
    """
    reply, window = spec.sampling.max_tokens or REPLY_TOKENS, spec.context_window
    if reply >= limits.max_total_tokens:
        raise ConfigError(
            f"{subject}: replies may have {reply} tokens (sampling.max_tokens), and the server takes "
            f"{limits.max_total_tokens} of prompt and reply together (max_total_tokens); set a smaller "
            "sampling.max_tokens, or start the server with a larger --max-total-tokens"
        )
    if window is None:
        return min(limits.max_total_tokens, limits.max_input_tokens + reply)
    if window > limits.max_total_tokens:
        raise ConfigError(
            f"{subject}: context_window is {window} tokens, and the server takes {limits.max_total_tokens} of prompt "
            f"and reply together (max_total_tokens); set context_window: {limits.max_total_tokens}, or start the "
            f"server with --max-total-tokens {window}"
        )
    if window - reply > limits.max_input_tokens:
        raise ConfigError(
            f"{subject}: prompts may have {window - reply} tokens (context_window {window} less sampling.max_tokens "
            f"{reply}), and the server takes {limits.max_input_tokens} (max_input_tokens); set context_window: "
            f"{limits.max_input_tokens + reply}, or start the server with --max-input-tokens {window - reply}"
        )
    return window


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and value > 0
