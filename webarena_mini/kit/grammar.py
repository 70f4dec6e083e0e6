"""Patterns that become sentences.

`{dish}` is a word of the list `dish`, the same one throughout a thread; `{dish2}` is another one, `{dish!}` a fresh
one at each place. `{dish^}` begins with a capital letter. `{3..9}` is a whole number, `{1..3 hour}` one with its noun:
"1 hour", "2 hours". `(this|that)` chooses.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from webarena_mini.kit.text import counted

_CHOICE = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")
_SLOT = re.compile(r"\{([a-z_]+)(\d?)(!?)(\^?)\}")
_NUMBER = re.compile(r"\{(\d+)\.\.(\d+)(?: (\w+))?\}")


@dataclass
class Speech:
    """The words that one thread has settled on."""

    words: Mapping[str, Sequence[str]]
    random: Random
    bound: dict[str, str] = field(default_factory=dict)

    def say(self, pattern: str) -> str:
        """Raises KeyError when the pattern uses a list that there is not."""
        text = _CHOICE.sub(lambda match: self.random.choice(match[1].split("|")), pattern)
        text = _NUMBER.sub(self._number, text)
        return _SLOT.sub(self._word, text)

    def _number(self, match: re.Match[str]) -> str:
        number = self.random.randint(int(match[1]), int(match[2]))
        return counted(number, match[3]) if match[3] else str(number)

    def _word(self, match: re.Match[str]) -> str:
        name, number, fresh, capital = match.groups()
        key = name + number
        word = self.bound.get(key)
        if word is None or fresh:
            taken = {used for other, used in self.bound.items() if other.rstrip("0123456789") == name}
            word = self.random.choice([choice for choice in self.words[name] if choice not in taken])
            if not fresh:
                self.bound[key] = word
        return word[0].upper() + word[1:] if capital else word
