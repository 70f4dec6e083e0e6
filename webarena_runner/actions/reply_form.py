"""What a constrained reply may be: some reasoning, then one action between two splitters.

The actions are those of the table that the parser's errors are written from. Engines that can keep to a grammar take
GBNF: llama.cpp, whose notation it is, and xgrammar, which vLLM has.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from webarena_runner.actions.kinds import KINDS, VERBS

# Longer texts are rare in actions, and what is bounded fits the reply limit.
MAX_TEXT_CHARACTERS = 160
# A token of text has mostly three or four characters; of the action's, none is counted on to have more than one.
THOUGHT_CHARACTERS_A_TOKEN = 2
RESERVED_TOKENS = 128
_SLOT = re.compile(r"\[([^\]]+)\]")


@dataclass(frozen=True)
class ReplyForm:
    """`ids` are the elements that may be named (None: any number), `tabs` how many tabs there are (None: any)."""

    splitter: str = "```"
    ids: tuple[str, ...] | None = None
    tabs: int | None = None
    max_thought_characters: int = 0

    @property
    def gbnf(self) -> str:
        """The grammar; its start rule is `root`."""
        verbs = [verb for verb in VERBS if not (self.ids == () and "[id]" in KINDS[verb].form)]
        rules = {
            "root": f"thought {_quoted(self.splitter)} action {_quoted(self.splitter)}",
            "thought": f"[^{_escaped(self.splitter[0])}]{{0,{self.max_thought_characters}}}",
            "action": " | ".join(map(_rule_name, verbs)),
            **{_rule_name(verb): _rule_of(KINDS[verb].form) for verb in verbs},
            "number": _one_of([str(number) for number in range(self.tabs)]) if self.tabs else "[0-9]{1,2}",
            "text": self._characters(1, excluded="]"),
            "url": self._characters(1, excluded="] "),
            "answer": self._characters(0),
            "keys": "key ( [+] key ){0,3}",
            "key": "[a-zA-Z0-9]{1,12}",
        }
        if self.ids != ():
            rules["id"] = "[0-9]{1,6}" if self.ids is None else _one_of(self.ids)
        else:
            del rules["text"]
        return "\n".join(f"{name} ::= {rule}" for name, rule in rules.items()) + "\n"

    def _characters(self, least: int, *, excluded: str = "") -> str:
        """Of one line, without what would end the action."""
        outside = "".join(_escaped(character) for character in dict.fromkeys(self.splitter[0] + "\n" + excluded))
        return f"[^{outside}]{{{least},{MAX_TEXT_CHARACTERS}}}"


def form_for(
    reply_tokens: int | None, *, splitter: str = "```", ids: Sequence[str] | None = None, tabs: int | None = None
) -> ReplyForm:
    """The form of a reply of at most so many tokens, in which the action has room after the thoughts."""
    left = max(0, (reply_tokens or RESERVED_TOKENS) - RESERVED_TOKENS)
    return ReplyForm(splitter, None if ids is None else tuple(ids), tabs, THOUGHT_CHARACTERS_A_TOKEN * left)


def _rule_name(verb: str) -> str:
    return verb.replace("_", "-")


def _rule_of(form: str) -> str:
    """`type [id] [text] [0|1]` as a rule: what is in brackets is a choice of words, or the name of a rule."""
    parts, at = [], 0
    for slot in _SLOT.finditer(form):
        parts.append(_quoted(form[at : slot.start()] + "["))
        words = slot[1].split("|")
        parts.append(f"( {_one_of(words)} )" if len(words) > 1 else slot[1])
        parts.append(_quoted("]"))
        at = slot.end()
    if at < len(form):
        parts.append(_quoted(form[at:]))
    return " ".join(parts)


def _one_of(words: Sequence[str]) -> str:
    return " | ".join(map(_quoted, words))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _escaped(character: str) -> str:
    """Within a class of characters."""
    return {"\n": "\\n", "]": "\\]", "[": "\\[", "\\": "\\\\", "^": "\\^", "-": "\\-"}.get(character, character)
