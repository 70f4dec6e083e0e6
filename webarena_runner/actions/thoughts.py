"""Blocks of thoughts, which reasoning models write into a reply where no server takes them out."""

import re

# As chat templates and the reasoning parsers of vLLM, SGLang and llama.cpp have them: DeepSeek, Qwen and many others;
# EXAONE Deep; Claude's own; Seed; MiniMax M3; LongCat; K2 Horizon; Magistral; Pangu; Kimi; OpenThinker; Cohere;
# Apertus; Solar Open; Gemma 4.
_MARKS = (
    *(
        (f"<{name}>", f"</{name}>")
        for name in (
            *("think", "thinking", "thought", "thoughts", "reasoning", "antThinking", "seed:think", "mm:think"),
            *("longcat_think", "ifm|think", "ifm|think_fast", "ifm|think_faster"),
        )
    ),
    ("[THINK]", "[/THINK]"),
    ("[unused16]", "[unused17]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|think:start|>", "<|think:end|>"),
    ("<|channel>thought", "<channel|>"),
)
_HARMONY_HEAD = r"[^<]{0,80}(?:<\|constrain\|>\w{0,20})?<\|message\|>"
_PAIRS = (
    *((re.escape(opening), re.escape(closing)) for opening, closing in _MARKS),
    # gpt-oss: what is said is in the channel "final". Decoded without special tokens only the channels' names are left.
    (rf"<\|channel\|>(?:analysis|commentary){_HARMONY_HEAD}", r"<\|(?:end|call)\|>"),
    (r"\Aanalysis(?=[\s\S]*assistantfinal)", r"assistantfinal"),
    (r"<\|think\|>", r"<\|end\|>"),
    # Granite 3: sentences, and so only where both are there.
    (
        r"\A\s*Here(?: i|['’])s my thought process:(?=[\s\S]*\bHere(?: i|['’])s my response:)",
        r"Here(?: i|['’])s my response:",
    ),
)
_CLOSE = [re.compile(closing, re.IGNORECASE) for _, closing in _PAIRS]
# Templates that open the thoughts themselves leave only the end in the reply, and some models do not keep to one name.
_ALONE = re.compile(
    "|".join([*(re.escape(closing) for _, closing in _MARKS), rf"<\|channel\|>final{_HARMONY_HEAD}"]),
    re.IGNORECASE,
)
MARKS = tuple(mark for pair in _MARKS for mark in pair)
"""The texts of all marks that are fixed ones, opening and closing."""
# What is only spoken of, or is to be typed: within the brackets or the quotes of an action.
_BRACKETS = r"\[(?:[^\[\]\n]|\[[^\[\]\n]*+\])*+\]"
_NO_MARK = "|".join(
    (
        rf"[\"'`](?:{'|'.join(map(re.escape, MARKS))})[\"'`]",
        rf"\b(?:type\s*{_BRACKETS}|stop)\s*\[(?:[^\[\]]|\[[^\[\]]*+\])*+\]",
        _BRACKETS,
        r"[(,=]\s*+(?:\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+')",
    )
)
_NEXT = re.compile(
    "|".join(f"({opening})" for opening, _ in _PAIRS) + f"|(?P<alone>{_ALONE.pattern})|{_NO_MARK}", re.IGNORECASE
)


def without_thoughts(reply: str) -> str:
    """The reply without its blocks of thoughts.

    What comes before a closing mark that nothing opened is thoughts too, and so is all after an opening mark that
    nothing closes.
    """
    return _split(reply)[0]


def ends_in_thoughts(reply: str) -> bool:
    """Whether a block of thoughts is open where the reply ends."""
    return _split(reply)[1]


def has_thoughts(reply: str) -> bool:
    return without_thoughts(reply) != reply


def _split(reply: str) -> tuple[str, bool]:
    """What is said, and whether thoughts are open at the end."""
    kept: list[str] = []
    position = searched = 0
    closings = _Closings(reply)
    while found := _NEXT.search(reply, searched):
        searched = found.end()
        if found["alone"]:
            kept, position = [], searched
        elif found.lastindex:
            kept.append(reply[position : found.start()])
            end = closings.after(found.lastindex - 1, searched)
            if end is None:
                return "".join(kept), True
            position = searched = end
    return "".join([*kept, reply[position:]]), False


class _Closings:
    """Where blocks end; a kind of mark that is not there any more is not looked for again."""

    def __init__(self, reply: str) -> None:
        self._reply = reply
        self._gone: set[int] = set()

    def after(self, kind: int, position: int) -> int | None:
        """The end of the closing mark of this kind, else of any kind."""
        if kind not in self._gone:
            if found := _CLOSE[kind].search(self._reply, position):
                return found.end()
            self._gone.add(kind)
        found = _ALONE.search(self._reply, position)
        return found.end() if found else None
