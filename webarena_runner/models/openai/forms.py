"""Servers with OpenAI's API that keep a reply to a grammar, and how each is told one."""

import re
from typing import Any

from webarena_runner.actions.reply_form import ReplyForm
from webarena_runner.models.openai.facts import ServerFacts

# The first vLLM with `structured_outputs` alone; earlier ones have other keys, and ignore what they do not know.
_VLLM_SINCE = (0, 12)
_KNOWN = "llama.cpp and vLLM from 0.12 on do"


def form_fields(kind: str, form: ReplyForm) -> dict[str, Any]:
    """What a request carries; each server ignores the other's key."""
    return {"grammar": form.gbnf} if kind == "llama.cpp" else {"structured_outputs": {"grammar": form.gbnf}}


def fault_of_forms(facts: ServerFacts) -> str:
    """Why a server would ignore a grammar without a word; "" when it keeps to one."""
    if facts.kind == "llama.cpp":
        return ""
    if facts.kind != "vLLM":
        return f"{facts.kind or 'a server that does not say what it is'} takes no grammar that is known here; {_KNOWN}"
    found = re.match(r"(\d+)\.(\d+)", facts.version)
    if found is None:
        return f"the vLLM does not say its version at /version, and earlier ones ignore a grammar; {_KNOWN}"
    if (int(found[1]), int(found[2])) < _VLLM_SINCE:
        return f"vLLM {facts.version} ignores a grammar; {_KNOWN}"
    return ""
