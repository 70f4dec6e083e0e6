"""Closed blocks of thoughts, which reasoning models write into a reply where no server takes them out."""

import re

# As chat templates have them: DeepSeek, Qwen and many others; Magistral; Seed; Kimi; OpenThinker; gpt-oss.
_MARKS = (
    *(
        (rf"<{name}>", rf"</{name}>")
        for name in ("think", "thinking", "thought", "thoughts", "reasoning", "seed:think")
    ),
    (r"\[think\]", r"\[/think\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|channel\|>analysis<\|message\|>", r"<\|end\|>"),
)
_OPEN = re.compile("|".join(f"({opening})" for opening, _ in _MARKS), re.IGNORECASE)
_CLOSE = [re.compile(closing, re.IGNORECASE) for _, closing in _MARKS]
# Templates that open the thoughts themselves leave only the end in the reply.
_ALONE = re.compile(r"</think(?:ing)?>|\[/think\]|◁/think▷|</seed:think>", re.IGNORECASE)


def without_thoughts(reply: str) -> str:
    """The reply without closed blocks of thoughts; one that does not end, for the reply was cut, is left as it is.

    What comes before a lone closing mark is a block too.
    """
    kept, position = [], 0
    first, alone = _OPEN.search(reply), _ALONE.search(reply)
    if alone and (first is None or alone.start() < first.start()):
        position = alone.end()
    while opening := _OPEN.search(reply, position):
        closing = _CLOSE[(opening.lastindex or 1) - 1].search(reply, opening.end())
        if closing is None:
            break
        kept.append(reply[position : opening.start()])
        position = closing.end()
    return "".join([*kept, reply[position:]])


def ends_in_thoughts(reply: str) -> bool:
    """Whether a block of thoughts is open where the reply ends."""
    return _OPEN.search(without_thoughts(reply)) is not None


def has_thoughts(reply: str) -> bool:
    return without_thoughts(reply) != reply
