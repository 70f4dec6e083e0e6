"""Loading a Transformers checkpoint, after a look at whether it can run here."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from webarena_runner.errors import ConfigError
from webarena_runner.extras import how_to_add, how_to_install
from webarena_runner.models.transformers.options import TransformersOptions
from webarena_runner.settings.records import ModelSpec
from webarena_runner.settings.yaml import nearest

logger = logging.getLogger(__name__)
# Transformers lists all its classes where one does not fit.
LONGEST_ERROR = 500
_PACKAGES = ("torch", "transformers")
# Of a checkpoint with quantised weights, by the method in its config.json: the modules that read it, and their extra.
_QUANTISED: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "gptq": (("optimum", "gptqmodel"), "gptq"),
    "awq": (("gptqmodel",), "gptq"),
    "bitsandbytes": (("bitsandbytes",), None),
    "compressed-tensors": (("compressed_tensors",), None),
}
_FLASH = {"flash_attention_2": "flash-attn", "flash_attention_3": "flash-attn-3", "flash_attention_4": "flash-attn-4"}


@dataclass(frozen=True)
class Loaded:
    """`processor` only of a model that sees. `note` says how it was loaded, and what could not be had as asked for."""

    model: Any
    tokenizer: Any
    processor: Any
    window: int | None
    note: str


def missing(spec: ModelSpec, options: TransformersOptions) -> str | None:
    """What the options need that is not installed, found without importing any of it."""
    lacking = [name for name in (*_PACKAGES, *(["PIL"] if options.vision != "none" else [])) if not find_spec(name)]
    if options.device_map is not None and not find_spec("accelerate"):
        lacking.append("accelerate (for device_map; or set device_map: null)")
    if lacking:
        return (
            f"model '{spec.name}': needs the Python modules {', '.join(lacking)}, which are not installed; "
            f"run: {how_to_install('transformers')}"
        )
    return None


def load(spec: ModelSpec, options: TransformersOptions) -> Loaded:
    """Takes from seconds to minutes.

    Raises:
        ConfigError: the checkpoint is not there or cannot run here, or an option is wrong; before weights are read,
            where the configuration shows it.
    """
    subject = f"model '{spec.name}'"
    lacking = missing(spec, options)
    if lacking:
        raise ConfigError(lacking)
    attention, message = _attention(subject, options)
    config = _read(subject, spec, lambda: _auto("AutoConfig").from_pretrained(spec.model, **_source(options)))
    _require_quantisation(subject, spec, config)
    _require_sight(subject, spec, options, config)
    processor = tokenizer = None
    if options.vision != "none":
        processor = _read(subject, spec, lambda: _auto("AutoProcessor").from_pretrained(spec.model, **_source(options)))
        tokenizer = processor.tokenizer
    else:
        tokenizer = _read(subject, spec, lambda: _auto("AutoTokenizer").from_pretrained(spec.model, **_source(options)))
    logger.info("%s: loading %s", subject, spec.model)
    model = _read(subject, spec, lambda: _model(spec, options, attention))
    model.eval()
    return Loaded(model, tokenizer, processor, _window(config), f"{_how(model)}{message}")


def _model(spec: ModelSpec, options: TransformersOptions, attention: str | None) -> Any:
    maker = _auto("AutoModelForCausalLM" if options.vision == "none" else "AutoModelForImageTextToText")
    asked = {"dtype": options.dtype, "device_map": options.device_map, "attn_implementation": attention}
    given = {name: value for name, value in asked.items() if value is not None}
    return maker.from_pretrained(spec.model, **_source(options), **given, **options.load_options)


def _read(subject: str, spec: ModelSpec, reader: Any) -> Any:
    """What the library reads; the errors it has for a wrong name, option or environment become ours."""
    try:
        return reader()
    except TypeError as error:
        unknown = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        if unknown is None:
            raise
        hint = nearest(unknown.group(1), _load_options())
        raise ConfigError(f"{subject}, options.load_options: unknown key '{unknown.group(1)}'{hint}") from error
    except (OSError, ValueError, ImportError) as error:
        raise ConfigError(
            f"{subject}: '{spec.model}' cannot be loaded with Transformers: {_brief(error)} (expected a folder with a "
            "checkpoint, or a repository of the Hugging Face hub; for a gated one log in with `hf auth login`)"
        ) from error


def _auto(name: str) -> Any:
    import transformers

    return getattr(transformers, name)


def _source(options: TransformersOptions) -> dict[str, Any]:
    source: dict[str, Any] = {"trust_remote_code": options.trust_remote_code}
    return source if options.revision is None else source | {"revision": options.revision}


def _load_options() -> list[str]:
    """Names that `from_pretrained` documents; keys of the model's own configuration are legal too."""
    from transformers import PreTrainedModel

    documented = re.findall(r"^\s+(\w+) \(", PreTrainedModel.from_pretrained.__doc__ or "", re.MULTILINE)
    return sorted(set(documented))


def _attention(subject: str, options: TransformersOptions) -> tuple[str | None, str]:
    """The attention to load with, and what the log says of it."""
    asked = options.attn_implementation
    if asked not in _FLASH or _can_flash(asked):
        return asked, ""
    lacking = f"{asked} needs a GPU that it knows and the package {_FLASH[asked]}, and one of them is not there"
    if options.attn_fallback is None:
        raise ConfigError(
            f"{subject}, options.attn_implementation: {lacking}; run: {how_to_add(_FLASH[asked])} "
            "--no-build-isolation, or set attn_implementation: sdpa, or attn_fallback: sdpa to go on without it"
        )
    logger.warning("%s: %s; going on with %s", subject, lacking, options.attn_fallback)
    return options.attn_fallback, f" (asked for {asked}, which is not available)"


def _can_flash(name: str) -> bool:
    from transformers.utils import import_utils

    return bool(getattr(import_utils, f"is_flash_attn_{name[-1]}_available")())


def _require_quantisation(subject: str, spec: ModelSpec, config: Any) -> None:
    quantisation = getattr(config, "quantization_config", None)
    method = quantisation.get("quant_method") if isinstance(quantisation, Mapping) else None
    modules, extra = _QUANTISED.get(str(method), ((), None))
    lacking = [module for module in modules if not find_spec(module)]
    if lacking:
        remedy = how_to_install(extra) if extra else how_to_add(*(name.replace("_", "-") for name in lacking))
        raise ConfigError(
            f"{subject}: the weights of '{spec.model}' are quantised with {method}, which needs the Python modules "
            f"{', '.join(lacking)}; run: {remedy}"
        )


def _require_sight(subject: str, spec: ModelSpec, options: TransformersOptions, config: Any) -> None:
    sees = hasattr(config, "vision_config")
    if sees and options.vision == "none":
        raise ConfigError(f"{subject}: '{spec.model}' is a model that sees; set options.vision: llava")
    if not sees and options.vision != "none":
        raise ConfigError(
            f"{subject}, options.vision: '{spec.model}' ({config.model_type}) does not see; expected none"
        )


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]}..."


def _window(config: Any) -> int | None:
    window = getattr(config.get_text_config(), "max_position_embeddings", None)
    return window if isinstance(window, int) else None


def _how(model: Any) -> str:
    devices = ", ".join(sorted({str(parameter.device) for parameter in model.parameters()}))
    dtype = str(model.dtype).removeprefix("torch.")
    attention = getattr(model.config, "_attn_implementation", None)
    return f"{type(model).__name__}, {dtype} on {devices}, attention {attention}"
