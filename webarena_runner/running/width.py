"""How many episodes may be under way at once: fewer when the machine was too busy for them, later more again."""

from webarena_runner.types import TaskId

Key = tuple[TaskId, int]


class Width:
    """Of one run. The first overload halves the number, and each later one of episodes that were begun after that.

    As many ends without one as there may be episodes make it one more. At the start there is no limit but the workers.
    """

    def __init__(self) -> None:
        self._most: int | None = None
        self._lowered = 0
        self._calm = 0
        self._playing: dict[Key, int] = {}

    @property
    def has_room(self) -> bool:
        return self._most is None or len(self._playing) < self._most

    def begins(self, key: Key) -> None:
        self._playing[key] = self._lowered

    def ends(self, key: Key, *, overloaded: bool) -> None:
        under_way, lowered = len(self._playing), self._playing.pop(key, self._lowered)
        if overloaded:
            self._calm = 0
            # Those that ended in it together were too many together, once.
            if lowered == self._lowered:
                self._most, self._lowered = max(1, under_way // 2), self._lowered + 1
        elif self._most is not None:
            self._calm += 1
            if self._calm >= self._most:
                self._most, self._calm = self._most + 1, 0
