"""Replies of a vLLM engine in this process that are kept to a form."""

import importlib
from typing import Any

from webarena_runner.actions.reply_form import ReplyForm

# Of those that vLLM can be told to use, the ones that read the notation; auto begins with xgrammar.
_BACKENDS = ("auto", "xgrammar", "guidance")


def fault_of_forms(engine: Any) -> str:
    """Why a started engine would not keep to a grammar; "" when it does."""
    if not hasattr(importlib.import_module("vllm.sampling_params"), "StructuredOutputsParams"):
        return f"vLLM {importlib.import_module('vllm').__version__} is too old for it; 0.12 and later do it"
    backend = engine.vllm_config.structured_outputs_config.backend
    if backend in _BACKENDS:
        return ""
    return (
        f"options.engine.structured_outputs_config chooses the backend {backend}, which takes no grammar; "
        f"{', '.join(_BACKENDS)} do"
    )


def form_params(form: ReplyForm | None) -> dict[str, Any]:
    """What a request's SamplingParams get."""
    if form is None:
        return {}
    vllm = importlib.import_module("vllm.sampling_params")
    return {"structured_outputs": vllm.StructuredOutputsParams(grammar=form.gbnf)}
