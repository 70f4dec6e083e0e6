"""Text of any characters as a Gymnasium space, and durations that a comparison of two runs leaves out."""

from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.sharedctypes import SynchronizedArray
from typing import Any, cast, overload

import numpy as np
from gymnasium.spaces import Text
from gymnasium.vector.utils import read_from_shared_memory, write_to_shared_memory
from numpy.typing import NDArray

CODE_POINTS = 0x110000
# Random text is for checkers and smoke tests: printable, and no longer than an action.
SAMPLED = "".join(map(chr, range(32, 127)))
LONGEST_SAMPLE = 100
# Fresh memory is all zeros, so characters are stored one higher.
END = 0
ENCODING = "utf-32-le" if np.little_endian else "utf-32-be"


class Characters(Sequence[str]):
    """All of Unicode in order; Gymnasium's own `Text` lists its characters, which would take 100 MB here."""

    def __len__(self) -> int:
        return CODE_POINTS

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [chr(point) for point in range(CODE_POINTS)[index]]
        return chr(range(CODE_POINTS)[index])

    def __contains__(self, item: object) -> bool:
        return isinstance(item, str) and len(item) == 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Characters)

    def __hash__(self) -> int:
        return CODE_POINTS


class UnicodeText(Text):
    """Any text up to `max_length` characters, the empty one too."""

    def __init__(self, max_length: int, *, seed: int | np.random.Generator | None = None) -> None:
        super().__init__(max_length, min_length=0, charset=SAMPLED, seed=seed)

    @property
    def character_set(self) -> Any:
        return Characters()

    @property
    def character_list(self) -> Any:
        return Characters()

    def character_index(self, char: str) -> np.int32:
        return np.int32(ord(char))

    def contains(self, x: Any) -> bool:
        return isinstance(x, str) and len(x) <= self.max_length

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """Printable ASCII. Raises ValueError for a mask: there is no list of characters that it could go by."""
        if mask is not None or probability is not None:
            raise ValueError("UnicodeText is sampled without mask and probability")
        length = self.np_random.integers(min(self.max_length, LONGEST_SAMPLE) + 1)
        return "".join(self.np_random.choice(list(SAMPLED), size=length))

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length})"


class SharedTexts(Sequence[str]):
    """Texts in the memory that worker processes write to, decoded when they are looked at; a copy is a plain tuple.

    Gymnasium reads shared memory once, when a vector environment is made, and copies that with each step: of a space
    that reads to a tuple, such as its own `Text`, every step would show what was there before the first one.
    """

    def __init__(self, rows: NDArray[np.int32]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(len(self))[index]]
        row = self._rows[index]
        ends = np.flatnonzero(row == END)
        points = row[: ends[0]] if ends.size else row
        text: str = (points - 1).tobytes().decode(ENCODING, "surrogatepass")
        return text

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        return tuple(self)


@read_from_shared_memory.register(UnicodeText)
def _read_texts(space: UnicodeText, shared_memory: "SynchronizedArray[Any]", n: int = 1) -> SharedTexts:
    return SharedTexts(_cells(shared_memory).reshape((n, space.max_length)))


@write_to_shared_memory.register(UnicodeText)
def _write_text(space: UnicodeText, index: int, values: str, shared_memory: "SynchronizedArray[Any]") -> None:
    """As Gymnasium does for `Text`, at once instead of character by character: pages are long."""
    row = _cells(shared_memory)[index * space.max_length : (index + 1) * space.max_length]
    row[: len(values)] = np.frombuffer(values.encode(ENCODING, "surrogatepass"), np.int32) + 1
    row[len(values) : len(values) + 1] = END


def _cells(shared_memory: "SynchronizedArray[Any]") -> NDArray[np.int32]:
    return np.frombuffer(cast(Any, shared_memory.get_obj()), dtype=np.int32)


class Timings(Mapping[str, float]):
    """Milliseconds by part. Equal to any other: durations are no part of what happened, only of how fast."""

    def __init__(self, spent_ms: Mapping[str, float]) -> None:
        self._spent_ms = dict(spent_ms)

    def __getitem__(self, part: str) -> float:
        return self._spent_ms[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self._spent_ms)

    def __len__(self) -> int:
        return len(self._spent_ms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timings)

    def __hash__(self) -> int:
        return hash(Timings)

    def __repr__(self) -> str:
        return f"Timings({self._spent_ms})"
