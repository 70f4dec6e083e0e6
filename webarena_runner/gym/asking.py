"""Episodes that wait for a policy, and how its replies get to them from whatever thread it runs in."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from webarena_runner.errors import EpisodeError
from webarena_runner.gym.trajectories import Reply, Seen


@dataclass(frozen=True)
class Asked:
    """An episode that waits for the policy's reply."""

    seen: Seen
    reply: Future[Reply]


@dataclass(frozen=True)
class Question:
    """What the policy is called with once: one episode's view, or with `batched` a list of them."""

    asked: Sequence[Asked]
    batched: bool

    def put_to(self, policy: Any) -> Any:
        """What the policy says, or something to await it by."""
        seen = [each.seen for each in self.asked]
        return policy(seen) if self.batched else policy(seen[0])

    def answer(self, said: Any) -> None:
        """Lets the episodes go on. Raises ValueError when it is not one reply for each."""
        replies = said if self.batched else [said]
        if len(replies) != len(self.asked):
            raise ValueError(
                f"the policy gave {len(replies)} replies to {len(self.asked)} observations; expected one for each"
            )
        for each, reply in zip(self.asked, replies, strict=True):
            each.reply.set_result(reply if isinstance(reply, Reply) else Reply(action=reply))

    def fail(self, error: EpisodeError) -> None:
        """Ends the episodes without a score."""
        for each in self.asked:
            each.reply.set_exception(error)
