"""Who voted for what: a few things are loved, most are liked a little, some are not liked."""

from collections.abc import Iterator, Sequence
from random import Random

Vote = tuple[int, int, int]


def votes_on_submission(
    random: Random, submission_id: int, author: int, voters: Sequence[int], comments: int
) -> Iterator[Vote]:
    """Rows (submission, user, choice); much discussed submissions get more votes, and authors vote for their own."""
    yield submission_id, author, 1
    disliked = random.random() < 0.05
    interest = random.lognormvariate(2.7, 0.95) * (1 + comments / 20)
    share_down = random.uniform(0.5, 0.75) if disliked else random.betavariate(1.5, 14)
    yield from _votes(random, submission_id, author, voters, min(interest, len(voters) * 0.9), share_down)


def votes_on_comment(
    random: Random, comment_id: int, author: int, voters: Sequence[int], *, depth: int, place: int, popular: float
) -> Iterator[Vote]:
    """Rows (comment, user, choice); early ones (`place`) on popular submissions get more."""
    yield comment_id, author, 1
    disliked = random.random() < 0.07
    interest = random.lognormvariate(0.6, 0.9) * (0.6 + popular / 60) / (1 + depth / 2) / (1 + place / 15)
    share_down = random.uniform(0.6, 0.95) if disliked else random.betavariate(1, 14)
    yield from _votes(random, comment_id, author, voters, min(interest, len(voters) * 0.6), share_down)


def _votes(
    random: Random, target_id: int, author: int, voters: Sequence[int], count: float, share_down: float
) -> Iterator[Vote]:
    for voter in random.sample(voters, round(count)):
        if voter != author:
            yield target_id, voter, -1 if random.random() < share_down else 1
