"""Vector environments: one process an environment."""

from typing import Any

import gymnasium
import pytest

from tests.gym.conftest import FORUMS, clicking
from webarena_runner.gym import ENV_ID

pytestmark = pytest.mark.browser


@pytest.mark.long
@pytest.mark.parametrize("context", ["spawn", pytest.param("fork", marks=pytest.mark.slow)])
def test_async_vector_environments_play_in_processes_of_their_own(task_set: str, context: str) -> None:
    envs = gymnasium.make_vec(
        ENV_ID,
        num_envs=2,
        vectorization_mode="async",
        vector_kwargs={"context": context},
        task_set=task_set,
        sites="embedded",
        task_id=FORUMS,
    )
    try:
        observations: Any
        observations, infos = envs.reset(seed=3)
        assert list(infos["task_id"]) == [FORUMS, FORUMS]
        first, second = observations["text"]
        assert first == second
        observations, rewards, *_ = envs.step((clicking("link 'Forums'", first), "stop []"))
        assert observations["url"] == ("http://reddit.com/forums", "http://reddit.com/")
        assert list(rewards) == [0.0, 0.0]
        _, rewards, terminations, truncations, infos = envs.step(("stop []", "scroll [down]"))
        # The second one has started anew by itself.
        assert list(rewards) == [1.0, 0.0]
        assert list(terminations) == [True, False]
        assert not any(truncations)
        assert infos["ending"][0] == "answered"
    finally:
        envs.close()
