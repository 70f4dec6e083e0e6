"""Who belongs where and what they have written, before any of it has a database id."""

import itertools
from dataclasses import dataclass
from random import Random

from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.kit.grammar import Speech
from webarena_mini.sites.forum.domain.text import slug
from webarena_mini.sites.forum.seed.conversation import Regulars, SeedSubmission, discuss, start_thread
from webarena_mini.sites.forum.seed.fitting import fit
from webarena_mini.sites.forum.seed.people import Person, make_people
from webarena_mini.sites.forum.seed.topics import (
    CommonTalk,
    OfficialAccount,
    Topic,
    load_common,
    load_official,
    load_topics,
)

_PEOPLE = 480
_OWN_ACTIVITY = 2.5
_OLDEST_DAYS, _TYPICAL_AGE_DAYS = 520, 120


@dataclass(frozen=True)
class World:
    """Person 0 is the official account; `members` and `moderators` are by forum name; submissions, the oldest first."""

    topics: list[Topic]
    official: OfficialAccount
    people: list[Person]
    members: dict[str, list[int]]
    moderators: dict[str, list[int]]
    submissions: list[SeedSubmission]


def make_world(random: Random) -> World:
    topics, common, official = load_topics(), load_common(), load_official()
    people = make_people(random, _PEOPLE)
    members = _members(random, topics, official)
    submissions: list[SeedSubmission] = []
    for topic in topics:
        regulars = _regulars(people, members[topic.name])
        authors = _regulars(people, [member for member in members[topic.name] if member])
        submissions += _submissions(random, topic, common, authors, regulars)
        submissions += _own_submissions(random, topic, common, official, regulars)
    submissions.sort(key=lambda submission: submission.created_at)
    moderators = {topic.name: sorted(random.sample(members[topic.name][1:], random.randint(1, 3))) for topic in topics}
    for name in official.moderates:
        moderators[name].insert(0, 0)
    return World(topics, official, people, members, moderators, submissions)


def _members(random: Random, topics: list[Topic], official: OfficialAccount) -> dict[str, list[int]]:
    """Everybody joins a few forums; the official account those that it is said to."""
    members = {topic.name: [0] if topic.name in official.subscribes else [] for topic in topics}
    for person in range(1, _PEOPLE):
        for topic in topics:
            if random.random() < 0.27 * topic.pull:
                members[topic.name].append(person)
    return members


def _regulars(people: list[Person], members: list[int]) -> Regulars:
    return Regulars(members, [people[member].activity if member else _OWN_ACTIVITY for member in members])


def _submissions(
    random: Random, topic: Topic, common: CommonTalk, authors: Regulars, regulars: Regulars
) -> list[SeedSubmission]:
    """Submissions of `authors`, discussed by `regulars`."""
    made: list[SeedSubmission] = []
    titles: set[str] = set()
    patterns = random.sample(topic.threads, len(topic.threads))
    for pattern in itertools.islice(itertools.cycle(patterns), topic.size * 2):
        if len(made) == topic.size:
            break
        title, body, speech = start_thread(random, topic, pattern, titles)
        if not title:
            continue
        age_days = 0.2 + random.expovariate(1 / _TYPICAL_AGE_DAYS) % _OLDEST_DAYS
        submission = SeedSubmission(
            forum=topic.name,
            author=authors.pick(random),
            title=title,
            body=body,
            created_at=TODAY - round(age_days * DAY_S),
            url=f"https://www.{pattern.site}/{slug(title)}" if pattern.site else "",
            scene=pattern.image,
        )
        discuss(submission, speech, regulars, own=pattern.comments, op=pattern.op, topic=topic, common=common)
        fit(submission, speech, op=pattern.op, topic=topic, common=common)
        made.append(submission)
    return made


def _own_submissions(
    random: Random, topic: Topic, common: CommonTalk, official: OfficialAccount, regulars: Regulars
) -> list[SeedSubmission]:
    made = []
    for post in official.posts:
        if post.forum == topic.name:
            created_at = TODAY - post.age_days * DAY_S - random.randint(0, DAY_S // 2)
            submission = SeedSubmission(topic.name, 0, post.title, post.body, created_at, url=post.url)
            speech = Speech(topic.words, random)
            discuss(submission, speech, regulars, own=post.comments, op=(), topic=topic, common=common)
            fit(submission, speech, op=(), topic=topic, common=common)
            made.append(submission)
    return made
