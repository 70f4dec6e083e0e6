"""Control tokens: texts that tokenizers and chat templates take for more than text, such as the end of a turn."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Protocol

from webarena_runner.actions.thoughts import MARKS
from webarena_runner.types import Message

BREAK = "\u200b"
# What many families read so: Llama, Qwen, Phi, DeepSeek, Gemma, T5, StarCoder, GLM, Mistral, Seed, MiniMax, LongCat.
# What ordinary pages have too, such as Mistral's [IMG], only a tokenizer can name.
_COMMON = re.compile(
    "|".join(
        (
            r"<[|｜](?! )[\w▁ :./-]{1,40}(?<! )[|｜]>|<\|[\w:-]{1,40}>|<[\w:-]{1,40}\|>",
            r"</?(?:s|tool_call|tool_response|tool_calls|(?:seed:|mm:|minimax:|longcat_|ifm\|)\w{1,40})>",
            r"<(?:unk|pad|bos|eos|mask|image|video|sop|eop|(?:start|end)_of_(?:turn|image)|image_soft_token)>",
            r"<(?:fim_(?:prefix|middle|suffix|pad)|file_sep|repo_name|(?:unused|extra_id_|SPECIAL_|reserved_)\d{1,4})>",
            r"\[/?INST\]|<</?SYS>>|\[/?(?:AVAILABLE_TOOLS|TOOL_RESULTS|SYSTEM_PROMPT|MODEL_SETTINGS)\]",
            r"\[TOOL_(?:CALLS|CONTENT)\]|\[[gs]MASK\]|\[unused\d{1,4}\]",
            *(re.escape(mark) for mark in MARKS),
        )
    )
)
# What has the look of one. Plain tags of HTML have it too; Gemma's tokenizer knows these, as the text that they are.
_MARK = re.compile(r"<[^<>\s\"'=%{}]{1,60}>|\[/?[A-Za-z_]\w{1,40}\]|◁[^◁▷\s]{1,40}▷")
_PLAIN_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]*/?>")
_TEMPLATE_INDEX = re.compile(r"\[[a-z_][a-z0-9_]*\]")


class AddedToken(Protocol):
    """One of a tokenizer's added tokens, special or not: each is found in a text before anything else is."""

    @property
    def content(self) -> str: ...

    @property
    def special(self) -> bool: ...


def plain(text: str, control: frozenset[str] = frozenset()) -> str:
    """`text` with a zero-width space after the first character of whatever would be read as a control token.

    A web page that shows "<|eot_id|>" would else end the user's turn and could begin one of the model's. `control` are
    texts that the model's own tokenizer or template names, beside those that are commonly used.
    """
    more = _any_of(control)
    return _COMMON.sub(_broken, more.sub(_broken, text) if more else text)


def with_plain_text(messages: Sequence[Message], control: frozenset[str] = frozenset()) -> list[Message]:
    """For whatever looks for control tokens in all of what a template makes of the messages."""
    return [_plain_message(message, control) for message in messages]


def _plain_message(message: Message, control: frozenset[str]) -> Message:
    calls = tuple(call.model_copy(update={"arguments": plain(call.arguments, control)}) for call in message.tool_calls)
    return message.model_copy(update={"content": plain(message.content, control), "tool_calls": calls})


def control_among(tokens: Iterable[AddedToken]) -> frozenset[str]:
    """Texts of added tokens that may be control tokens: those flagged special, and of the others those that look so.

    Qwen's <tool_call> is not flagged; nor are runs of blanks and whole words, which tokenizers add too.
    """
    return frozenset(
        token.content for token in tokens if token.content.strip() and (token.special or _looks_so(token.content))
    )


def marks_among(texts: Iterable[object]) -> frozenset[str]:
    """Those that look like control tokens, where nothing says which tokens are."""
    return frozenset(text for text in texts if isinstance(text, str) and _looks_so(text))


def marks_of_template(template: object) -> frozenset[str]:
    """What a chat template writes between messages; an index such as [key] is of its own language."""
    found = _MARK.findall(template) if isinstance(template, str) else ()
    return frozenset(text for text in found if _looks_so(text) and not _TEMPLATE_INDEX.fullmatch(text))


def unsettled_marks(messages: Iterable[Message], settled: Collection[str]) -> frozenset[str]:
    """Texts of the messages that look like control tokens and are not among those that are settled."""
    found = {text for message in messages for text in _MARK.findall(plain(message.content))}
    return frozenset(text for text in found - set(settled) if BREAK not in text and not _PLAIN_TAG.fullmatch(text))


def _looks_so(text: str) -> bool:
    return _MARK.fullmatch(text) is not None and not _PLAIN_TAG.fullmatch(text)


@cache
def _any_of(texts: frozenset[str]) -> re.Pattern[str] | None:
    """Finds each of them, one within another by the longer; None: there are none that can be broken."""
    longest_first = sorted((text for text in texts if len(text) > 1), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _broken(found: re.Match[str]) -> str:
    return found[0][0] + BREAK + found[0][1:]
