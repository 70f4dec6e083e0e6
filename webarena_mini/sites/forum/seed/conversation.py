"""One thread: a submission and the comments below it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.kit.grammar import Speech
from webarena_mini.sites.forum.seed.topics import CommonTalk, ThreadPattern, Topic

_TYPICAL_COMMENTS, _SPREAD, _MOST_COMMENTS = 7.5, 0.8, 46
_MAX_DEPTH = 5


@dataclass
class SeedComment:
    """`parent` is an index into the submission's comments; `pattern` is what the body was made from."""

    author: int
    pattern: str
    body: str
    created_at: int
    parent: int | None
    depth: int = 0


@dataclass
class SeedSubmission:
    """`scene` asks for a picture of that kind; authors are indices into the list of people."""

    forum: str
    author: int
    title: str
    body: str
    created_at: int
    site: str = ""
    url: str = ""
    scene: str = ""
    comments: list[SeedComment] = field(default_factory=list)


class Remarks:
    """Comments to draw from, none twice in a thread: the thread's own first, then more general ones."""

    def __init__(self, speech: Speech, *pools: Sequence[str]) -> None:
        self._speech = speech
        self._left = [pattern for pool in reversed(pools) for pattern in speech.random.sample(pool, len(pool))]

    def draw(self) -> tuple[str, str] | None:
        """A pattern, and what it says."""
        if not self._left:
            return None
        pattern = self._left.pop()
        return pattern, self._speech.say(pattern)


@dataclass(frozen=True)
class Regulars:
    """Who writes in a forum, with how often."""

    people: Sequence[int]
    weights: Sequence[float]

    def pick(self, random: Random) -> int:
        return random.choices(self.people, self.weights)[0]


def start_thread(random: Random, topic: Topic, pattern: ThreadPattern, taken: set[str]) -> tuple[str, str, Speech]:
    """Title, body and words of a new thread; the title is "" when all that were tried are taken."""
    for _ in range(12):
        speech = Speech(topic.words, random)
        title = speech.say(random.choice(pattern.title))
        if title not in taken:
            taken.add(title)
            return title, "\n\n".join(speech.say(paragraph) for paragraph in pattern.body), speech
    return "", "", Speech(topic.words, random)


def discuss(
    submission: SeedSubmission,
    speech: Speech,
    regulars: Regulars,
    *,
    own: Sequence[str],
    op: Sequence[str],
    topic: Topic,
    common: CommonTalk,
) -> None:
    """Adds comments: top-level remarks, replies to them, and answers of the author."""
    random = speech.random
    remarks = Remarks(speech, own, topic.comments, [line.say for line in common.comments])
    replies = Remarks(speech, [*topic.replies, *(line.say for line in common.replies)])
    answers = Remarks(speech, op, [line.say for line in common.op] if op else ())
    wanted = min(_MOST_COMMENTS, round(random.lognormvariate(math.log(_TYPICAL_COMMENTS), _SPREAD)))
    for _ in range(wanted):
        parent = _parent(random, submission)
        by_author = parent is not None and submission.comments[parent].author != submission.author
        by_author = by_author and random.random() < 0.3
        drawn = (answers if by_author else remarks if parent is None else replies).draw()
        if drawn is None:
            continue
        author = submission.author if by_author else _somebody_else(random, regulars, submission, parent)
        submission.comments.append(_comment(random, submission, author, drawn, parent))


def _parent(random: Random, submission: SeedSubmission) -> int | None:
    """Index of the comment that the next one answers; None for a new remark."""
    if not submission.comments or random.random() < 0.55:
        return None
    chosen = random.randrange(len(submission.comments))
    return chosen if submission.comments[chosen].depth < _MAX_DEPTH else None


def _somebody_else(random: Random, regulars: Regulars, submission: SeedSubmission, parent: int | None) -> int:
    """Not the author, who answers in words of their own; nobody repeats or answers themselves."""
    unwanted = {submission.author}
    if parent is None:
        unwanted.update(comment.author for comment in submission.comments if comment.depth == 0)
    else:
        unwanted.add(submission.comments[parent].author)
    author = regulars.pick(random)
    while author in unwanted:
        author = regulars.pick(random)
    return author


def _comment(
    random: Random, submission: SeedSubmission, author: int, drawn: tuple[str, str], parent: int | None
) -> SeedComment:
    before = submission if parent is None else submission.comments[parent]
    delay_s = 90 + random.expovariate(1 / (0.5 * DAY_S if parent is None else 0.15 * DAY_S))
    created_at = min(before.created_at + round(delay_s), TODAY - random.randint(60, 7200))
    depth = 0 if parent is None else submission.comments[parent].depth + 1
    return SeedComment(author, *drawn, max(created_at, before.created_at + 60), parent, depth)
