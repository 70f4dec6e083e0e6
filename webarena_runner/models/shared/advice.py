"""Which setting avoids what a model server refuses, by its text: servers have no codes for it."""

import re

from webarena_runner.models.shared.error_replies import NO_PICTURES

_BOTH = re.compile(r"temperature.{0,20}top_p.{0,60}both|both.{0,40}temperature.{0,20}top_p", re.I)
_SYSTEM = re.compile(
    r"system.{0,20}(role|message|prompt|instruction)s?.{0,40}(not|n't|un)[ -]?(be )?(support|allow|enabled|accept)"
    r"|(not|n't) (support|allow|accept|have)\w*.{0,30}system|roles? must alternate|only user(,| and| or).{0,30}roles?"
    r"|(developer|system) instruction is not enabled|unexpected role.{0,10}system|invalid.{0,20}role.{0,20}system",
    re.I,
)
_REFUSES = re.compile(
    r"unsupported|unrecognized|unrecognised|unknown|unexpected"
    r"|not (a )?(support|permit|allow|accept|valid|recogni|known)"
    r"|n't (support|permit|allow|accept|recogni)|cannot|deprecated|extra inputs|extra fields"
    r"|only the default|does not|invalid|must|should",
    re.I,
)
# What requests carry, and the assignment that leaves it out or changes it.
_FIELDS = {
    "logprobs": "model.options.logprobs=false",
    "top_k": "model.options.sampler_defaults=server",
    "min_p": "model.options.sampler_defaults=server",
    "repetition_penalty": "model.options.sampler_defaults=server",
    "repeat_penalty": "model.options.sampler_defaults=server",
    "top_p": "sampling.top_p=null",
    "temperature": "sampling.temperature=null",
    "seed": "sampling.seed=null",
    "stop": "sampling.stop=[]",
    "messages.name": "model.options.example_roles=turns",
}


def advice(text: str) -> str:
    """The assignment that avoids a refusal with this text, to be appended to it; "" when none is known."""
    assignment = _assignment(text)
    return f"; try -o {assignment}" if assignment else ""


def _assignment(text: str) -> str:
    if _BOTH.search(text):
        return "sampling.top_p=null"
    if _SYSTEM.search(text):
        return "model.options.system_as=user_turn"
    if NO_PICTURES.search(text):
        return "model.images=none"
    if "max_completion_tokens" in text and "max_tokens" in text and re.search("instead|use ", text, re.I):
        return f"model.options.max_tokens_field={_wanted_limit_field(text)}"
    if re.search(r"max_(completion_)?tokens.{0,40}(too large|less than|at most|exceed)", text, re.I):
        return "sampling.max_tokens=N with a smaller N"
    if not _REFUSES.search(text):
        return ""
    found = [(at.start(), assignment) for name, assignment in _FIELDS.items() if (at := _named(name).search(text))]
    return min(found)[1] if found else ""


def _wanted_limit_field(text: str) -> str:
    """Of the two names, the one that the server wants: it is named last."""
    return str(re.findall(r"max_(?:completion_)?tokens", text)[-1])


def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)|[.\"'`]{re.escape(name)}(?!\w)", re.I)
