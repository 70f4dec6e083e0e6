"""Many episodes at once, played by a policy: real sites, one browser."""

import asyncio
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any

import pytest

from tests.gym.conftest import ANSWER, FORUMS, JUDGED, clicking
from webarena_runner.errors import ConfigError, ModelError, SelectionError
from webarena_runner.gym import Reply, Rollout, RolloutStep, RolloutTask, Seen
from webarena_runner.gym import rollouts as play

pytestmark = pytest.mark.long
Rollouts = Callable[..., Iterator[Rollout]]


@pytest.fixture(scope="module")
def rollouts(task_set: str) -> Rollouts:
    return partial(play, task_set=task_set, sites="embedded")


def reference(seen: Seen) -> str:
    """What solves the first two tasks of the set."""
    if seen.task.task_id == ANSWER:
        return "stop [heron]"
    return "stop []" if seen.steps else clicking("link 'Forums'", seen.observation["text"])


@pytest.mark.browser
def test_finished_episodes_come_with_the_steps_and_the_numbers_of_their_tasks(rollouts: Rollouts) -> None:
    told: list[RolloutStep] = []
    threads: set[threading.Thread] = set()

    def policy(seen: Seen) -> Reply:
        threads.add(threading.current_thread())
        action = reference(seen)
        return Reply(action, prompt="Where?", text=f"```{action}```", token_ids=[1, 2], logprobs=[-0.5, -0.1])

    tasks = [RolloutTask(FORUMS, tag="group 1"), ANSWER, FORUMS]
    ended = sorted(rollouts(policy, tasks, 2, on_step=told.append), key=lambda each: each.number)
    assert [(each.task.task_id, each.reward, each.terminated, len(each.steps)) for each in ended] == [
        (FORUMS, 1.0, True, 2),
        (ANSWER, 1.0, True, 1),
        (FORUMS, 1.0, True, 2),
    ]
    first = ended[0]
    assert first.task.tag == "group 1"
    assert (first.info["ending"], first.observation["url"]) == ("answered", "http://reddit.com/forums")
    assert [step.observation["url"] for step in first.steps] == ["http://reddit.com/", "http://reddit.com/forums"]
    reply = first.steps[0].reply
    assert (reply.prompt, reply.token_ids, reply.logprobs) == ("Where?", [1, 2], [-0.5, -0.1])
    assert {id(step) for step in told} == {id(step) for each in ended for step in each.steps}
    assert threads == {threading.current_thread()}


@pytest.mark.browser
def test_an_async_policy_is_awaited_for_several_episodes_at_once(rollouts: Rollouts) -> None:
    waiting, both = [], asyncio.Event()

    async def policy(seen: Seen) -> str:
        waiting.append(seen.rollout)
        if len(waiting) == 2:
            both.set()
        await both.wait()
        return "stop [heron]"

    assert [each.reward for each in rollouts(policy, [ANSWER, ANSWER], 2)] == [1.0, 1.0]
    assert sorted(waiting) == [0, 1]


@pytest.mark.browser
@pytest.mark.long
def test_a_batched_policy_is_asked_for_all_that_wait(rollouts: Rollouts) -> None:
    sizes = []

    def policy(batch: Sequence[Seen]) -> list[str]:
        sizes.append(len(batch))
        # Long enough for the others to come to their next page.
        time.sleep(0.5)
        return [reference(seen) for seen in batch]

    assert [each.reward for each in rollouts(policy, [FORUMS] * 6, 3, batched=True)] == [1.0] * 6
    assert sum(sizes) == 12
    assert max(sizes) > 1


@pytest.mark.browser
def test_errors_are_given_as_errors_and_the_others_go_on(rollouts: Rollouts) -> None:
    def policy(seen: Seen) -> str:
        if seen.rollout == 2:
            raise ModelError("no reply")
        return "stop [a forum]" if seen.task.task_id == JUDGED else reference(seen)

    with pytest.warns(UserWarning, match=r"1 of 3 tasks \(the first is 902\).*judge\.model=NAME"):
        playing = rollouts(policy, [JUDGED, FORUMS, ANSWER], 2)
    ended = {each.number: each for each in playing}
    assert [ended[number].reward for number in range(3)] == [None, 1.0, None]
    assert [type(ended[number].error).__name__ for number in range(3)] == ["JudgeUnusable", "NoneType", "ModelError"]
    assert (ended[0].info["ending"], ended[0].info["error_class"]) == ("error", "judge")
    assert "judge" in ended[0].steps[-1].action_error
    assert not any(ended[number].terminated or ended[number].truncated for number in (0, 2))


@pytest.mark.browser
def test_each_task_has_limits_of_its_own_and_tasks_may_be_endless(rollouts: Rollouts) -> None:
    tasks = (RolloutTask(FORUMS, max_steps=steps) for steps in count(1))
    ended = []
    playing = rollouts(lambda seen: ["scroll [down]", "scroll [up]"][len(seen.steps) % 2], tasks)
    for each in playing:
        ended.append((each.truncated, each.reward, each.info["ending"], len(each.steps)))
        if len(ended) == 3:
            break
    playing.close()  # type: ignore[attr-defined]
    assert ended == [(True, 0.0, "step_limit", steps) for steps in (1, 2, 3)]
    assert not [each for each in threading.enumerate() if each.name == "webarena-gym"]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("policy", "batched", "error", "message"),
    [
        (lambda seen: 1 / 0, False, ZeroDivisionError, "zero"),
        (lambda batch: [], True, ValueError, "0 replies to 1 observations"),
        (lambda seen: 7, False, TypeError, "action text"),
    ],
    ids=["raises", "too few", "no action"],
)
def test_a_bug_of_the_policys_is_raised_and_nothing_goes_on(
    rollouts: Rollouts, policy: Any, batched: bool, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        list(rollouts(policy, [FORUMS], batched=batched))
    assert not [each for each in threading.enumerate() if each.name == "webarena-gym"]


@pytest.mark.parametrize(
    ("tasks", "n", "error", "message"),
    [
        ([FORUMS, 7], 1, SelectionError, "task_id 7"),
        ([RolloutTask(FORUMS, max_steps=0)], 1, ConfigError, "max_steps=0: .*greater than 0"),
        ([FORUMS], 0, ConfigError, "n=0"),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_starts(
    rollouts: Rollouts, tasks: Any, n: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        rollouts(reference, tasks, n)


def test_log_probabilities_that_are_not_of_the_tokens_are_refused() -> None:
    with pytest.raises(ValueError, match="1 logprobs for 2 token_ids"):
        Reply("stop []", token_ids=[1, 2], logprobs=[-0.5])


def test_a_judge_that_is_given_leaves_nothing_to_warn_of(rollouts: Rollouts) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rollouts(reference, [JUDGED], assignments=["judge.model=gpt-4o-mini"])
