"""The text space, stable ids, and durations."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import flatten, unflatten
from gymnasium.vector.utils import create_shared_memory, read_from_shared_memory, write_to_shared_memory

from webarena_runner.errors import ConfigError
from webarena_runner.gym.env import WebArenaEnv
from webarena_runner.gym.spaces import Timings, UnicodeText

TEXTS = ["", "plain", "naïve \u202e 漢字 🦩", "\x00\t\n", "\ud800 alone"]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_in_the_space_and_survives_flattening_and_shared_memory(text: str) -> None:
    space = UnicodeText(30)
    assert text in space
    assert unflatten(space, flatten(space, text)) == text
    memory: Any = create_shared_memory(space, n=2)
    write_to_shared_memory(space, 1, text, memory)
    write_to_shared_memory(space, 0, "other", memory)
    assert tuple(read_from_shared_memory(space, memory, n=2)) == ("other", text)


def test_what_was_read_of_shared_memory_shows_what_is_written_later_and_its_copy_does_not() -> None:
    space = UnicodeText(8)
    memory: Any = create_shared_memory(space, n=2)
    texts: Any = read_from_shared_memory(space, memory, n=2)
    assert list(texts) == ["", ""]
    write_to_shared_memory(space, 0, "12345678", memory)
    write_to_shared_memory(space, 1, "long", memory)
    copied = deepcopy(texts)
    write_to_shared_memory(space, 1, "b", memory)
    assert list(texts) == ["12345678", "b"]
    assert copied == ("12345678", "long")


def test_the_space_has_a_limit_and_holds_text_only() -> None:
    space = UnicodeText(3)
    assert "abcd" not in space
    assert 3 not in space
    assert b"abc" not in space


def test_samples_follow_the_seed_and_fit() -> None:
    one, other = UnicodeText(40, seed=1), UnicodeText(40, seed=1)
    samples = [one.sample() for _ in range(50)]
    assert samples == [other.sample() for _ in range(50)]
    assert all(sample in one for sample in samples)
    with pytest.raises(ValueError, match="mask"):
        one.sample(mask=(3, np.ones(95, np.int8)))


def test_spaces_are_equal_when_their_limits_are() -> None:
    assert UnicodeText(5) == UnicodeText(5)
    assert UnicodeText(5) != UnicodeText(6)


def test_timings_read_as_a_mapping_and_do_not_tell_runs_apart() -> None:
    timings = Timings({"execute": 1.5})
    assert dict(timings) == {"execute": 1.5}
    assert timings == Timings({"execute": 2.5})
    assert timings != {"execute": 1.5}


def test_screenshots_without_pillow_are_refused_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(ConfigError, match=r"\[screenshots\]"):
        WebArenaEnv(screenshot=True)


def test_a_setting_that_is_wrong_is_told_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match="limits.max_step"):
        WebArenaEnv(assignments=["limits.max_step=3"])
