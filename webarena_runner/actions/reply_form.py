"""What a constrained reply may be: some reasoning, then one action between two splitters.

The actions are those of the table that the parser's errors are written from. Engines that can keep to a grammar take
GBNF: llama.cpp, whose notation it is, and xgrammar, which vLLM has.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from webarena_runner.actions.excerpts import excerpt_rules
from webarena_runner.actions.gbnf import escaped, one_of, quoted
from webarena_runner.actions.kinds import KINDS, VERBS
from webarena_runner.official.notation import UNACHIEVABLE

# Longer texts are rare in actions, and what is bounded fits the reply limit.
MAX_TEXT_CHARACTERS = 160
# A token of text has mostly three or four characters; of the action's, none is counted on to have more than one.
THOUGHT_CHARACTERS_A_TOKEN = 2
RESERVED_TOKENS = 128
_SLOT = re.compile(r"\[([^\]]+)\]")


@dataclass(frozen=True)
class ReplyForm:
    """`ids` are the elements that may be named (None: any number), `tabs` how many tabs there are (None: any).

    `field_ids` are those that may be typed into (None: as `ids`); of the actions there are those of `verbs`. What is
    typed is an excerpt of `typed`, and an answer one of `answers` or N/A, where these are given.
    """

    splitter: str = "```"
    ids: tuple[str, ...] | None = None
    field_ids: tuple[str, ...] | None = None
    typed: tuple[str, ...] | None = None
    answers: tuple[str, ...] | None = None
    tabs: int | None = None
    verbs: tuple[str, ...] = VERBS
    max_thought_characters: int = 0

    @property
    def gbnf(self) -> str:
        """The grammar; its start rule is `root`."""
        typed, answers = self._excerpts("text", self.typed), self._excerpts("answer", self.answers)
        verbs = [verb for verb in self.verbs if self._ids_of(verb) != () and (verb != "type" or typed != {})]
        rules = {
            "root": f"thought {quoted(self.splitter)} action {quoted(self.splitter)}",
            "thought": f"[^{escaped(self.splitter[0])}]{{0,{self.max_thought_characters}}}",
            "action": " | ".join(map(_rule_name, verbs)),
            **{_rule_name(verb): _rule_of(KINDS[verb].form, id_rule=_id_rule(verb)) for verb in verbs},
            **{_id_rule(verb): _one_of_ids(self._ids_of(verb)) for verb in verbs if "[id]" in KINDS[verb].form},
            "number": one_of([str(number) for number in range(self.tabs)]) if self.tabs else "[0-9]{1,2}",
            "text": self._characters(1, excluded="]"),
            "url": self._characters(1, excluded="] "),
            # An answer alone ends at its bracket: small models go on with what looks like the next action.
            "answer": self._characters(0, excluded="]" if self.verbs == ("stop",) else ""),
            "keys": "key ( [+] key ){0,3}",
            "key": "[a-zA-Z0-9]{1,12}",
            **(typed or {}),
            **(answers or {}),
        }
        if answers is not None:
            rules["answer"] = " | ".join(filter(None, (quoted(UNACHIEVABLE), answers.get("answer"))))
        return "".join(f"{name} ::= {rule}\n" for name, rule in _reached(rules).items())

    def answer_only(self) -> "ReplyForm":
        """Nothing but the action that ends the task, and no thoughts."""
        return replace(self, verbs=("stop",), max_thought_characters=0)

    def _ids_of(self, verb: str) -> tuple[str, ...] | None:
        if "[id]" not in KINDS[verb].form:
            return None
        return self.field_ids if verb == "type" and self.field_ids is not None else self.ids

    def _excerpts(self, name: str, texts: Sequence[str] | None) -> Mapping[str, str] | None:
        if texts is None:
            return None
        excluded = self.splitter[0] + "]"
        return excerpt_rules(name, texts, excluded=excluded, max_characters=MAX_TEXT_CHARACTERS)

    def _characters(self, least: int, *, excluded: str = "") -> str:
        """Of one line, without what would end the action."""
        outside = "".join(escaped(character) for character in dict.fromkeys(self.splitter[0] + "\n" + excluded))
        return f"[^{outside}]{{{least},{MAX_TEXT_CHARACTERS}}}"


def thought_characters(reply_tokens: int | None) -> int:
    """How many a reply of at most so many tokens may have, so that the action has room after them."""
    return THOUGHT_CHARACTERS_A_TOKEN * max(0, (reply_tokens or RESERVED_TOKENS) - RESERVED_TOKENS)


def _rule_name(verb: str) -> str:
    return verb.replace("_", "-")


def _id_rule(verb: str) -> str:
    return "field-id" if verb == "type" else "id"


def _one_of_ids(ids: Sequence[str] | None) -> str:
    return "[0-9]{1,6}" if ids is None else one_of(ids)


def _reached(rules: Mapping[str, str]) -> dict[str, str]:
    """Without those that no other names, which some engines refuse."""
    found, names = ["root"], set(rules)
    for name in found:
        # What is in quotes or brackets is text.
        words = re.findall(r"[a-z0-9-]+", re.sub(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]', " ", rules[name]))
        found += [word for word in dict.fromkeys(words) if word in names and word not in found]
    return {name: rule for name, rule in rules.items() if name in found}


def _rule_of(form: str, *, id_rule: str) -> str:
    """`type [id] [text] [0|1]` as a rule: what is in brackets is a choice of words, or the name of a rule."""
    parts, at = [], 0
    for slot in _SLOT.finditer(form):
        parts.append(quoted(form[at : slot.start()] + "["))
        words = slot[1].split("|")
        parts.append(f"( {one_of(words)} )" if len(words) > 1 else id_rule if slot[1] == "id" else slot[1])
        parts.append(quoted("]"))
        at = slot.end()
    if at < len(form):
        parts.append(quoted(form[at:]))
    return " ".join(parts)
