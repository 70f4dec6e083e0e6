"""Questions about pictures, one picture at a time, and what a model that sees has said to them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from webarena_runner.actions.thoughts import without_thoughts
from webarena_runner.evaluators.verdict import PICTURE
from webarena_runner.interfaces import Question
from webarena_runner.types import Verdict


class Asks(Protocol):
    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> str: ...


class Answers:
    """`whole_words`: the answer has to be words of the reply; officially it is in it, as "no" is in "not sure"."""

    def __init__(self, verdicts: Sequence[Verdict], *, whole_words: bool) -> None:
        self._whole_words = whole_words
        self._said = {verdict.reference: verdict for verdict in verdicts if verdict.kind == PICTURE}
        self._read: list[Verdict] = []

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Those that were looked at, each with its score."""
        return tuple(self._read)

    def fault(self, questions: Sequence[Asks], pictures: Sequence[Mapping[str, Any]]) -> str | Question:
        """The next question, or which one has its answer of no picture; "": each has one."""
        files = list(dict.fromkeys(str(each["file"]) for each in pictures))
        for asked in questions:
            for file in files:
                reference = f"{file}: {asked.question}"
                verdict = self._said.get(reference)
                if verdict is None:
                    return Question(PICTURE, reference, asked.answer, intent=asked.question, picture=file)
                is_right = self._has(asked.answer, verdict.reply)
                self._read.append(verdict.model_copy(update={"score": float(is_right)}))
                if is_right:
                    break
            else:
                return f"no picture is one of which {asked.question!r} is answered by {asked.answer!r}"
        return ""

    def _has(self, answer: str, reply: str) -> bool:
        wanted, said = answer.lower(), without_thoughts(reply).lower()
        if self._whole_words:
            return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", said) is not None
        return wanted in said
