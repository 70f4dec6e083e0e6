"""Vector environments: one process an environment."""

from typing import Any

import gymnasium
import pytest

from tests.gym.conftest import ANSWER, FORUMS, JUDGED, clicking
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


@pytest.mark.long
@pytest.mark.parametrize("mode", ["sync", pytest.param("async", marks=pytest.mark.slow)])
def test_one_environments_error_ends_its_episode_only_and_each_can_be_given_its_next_task(
    task_set: str, mode: str
) -> None:
    envs: Any = gymnasium.make_vec(
        ENV_ID,
        num_envs=2,
        vectorization_mode=mode,
        task_set=task_set,
        sites="embedded",
        task_id=FORUMS,
        errors="truncate",
    )
    try:
        envs.set_attr("next_options", [{"task_id": JUDGED}, {"task_id": ANSWER, "max_steps": 9}])
        _, infos = envs.reset(seed=3)
        assert list(infos["task_id"]) == [JUDGED, ANSWER]
        _, rewards, terminations, truncations, infos = envs.step(("stop [a forum]", "stop [heron]"))
        assert list(rewards) == [0.0, 1.0]
        assert (list(terminations), list(truncations)) == ([False, True], [True, False])
        assert infos["error_class"][0] == "judge"
        # The automatic reset, in the next step.
        envs.set_attr("next_options", [{"task_id": ANSWER}, None])
        _, rewards, terminations, truncations, infos = envs.step(("stop []", "stop []"))
        assert list(infos["task_id"]) == [ANSWER, FORUMS]
        assert not any((*rewards, *terminations, *truncations))
    finally:
        envs.close()
