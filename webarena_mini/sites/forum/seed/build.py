"""From people and conversations to a database."""

import sqlite3
from random import Random

from webarena_mini.kit.accounts import ACCOUNTS
from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.kit.database import build_snapshot
from webarena_mini.kit.images import image_name
from webarena_mini.kit.media import MEDIA_TYPES
from webarena_mini.kit.passwords import hash_password
from webarena_mini.sites.forum import FOLDER
from webarena_mini.sites.forum.domain.photos import front_of
from webarena_mini.sites.forum.domain.ranking import hot_ranking
from webarena_mini.sites.forum.domain.text import slug
from webarena_mini.sites.forum.seed.art import draw
from webarena_mini.sites.forum.seed.conversation import SeedSubmission
from webarena_mini.sites.forum.seed.votes import votes_on_comment, votes_on_submission
from webarena_mini.sites.forum.seed.world import World, make_world

ACCOUNT, _PASSWORD = ACCOUNTS["reddit"]
_SEED = 20_230_616
_FIRST_SUBMISSION_ID, _FIRST_COMMENT_ID = 10_001, 50_001
_FINISH = """
update submissions set
    net_score = (select sum(choice) from submission_votes where submission_id = submissions.id),
    comment_count = (select count(*) from comments where submission_id = submissions.id),
    last_active = coalesce((select max(created_at) from comments where submission_id = submissions.id), created_at);
update comments set net_score = (select sum(choice) from comment_votes where comment_id = comments.id);
update users set seen_comment_id = (
    select max(id) from comments where created_at < (select now from clock) - 12 * 86400
);
insert into submission_search (submission_search) values ('optimize');
insert into comment_search (comment_search) values ('optimize');
"""


def build() -> bytes:
    """Serialised database with everything in it."""
    schema = (FOLDER / "schema.sql").read_text("utf-8")
    return build_snapshot(schema, _fill)


def _fill(connection: sqlite3.Connection) -> None:
    """A user's id is the person's index plus one."""
    random = Random(_SEED)
    world = make_world(random)
    forum_ids = {topic.name: number for number, topic in enumerate(world.topics, 1)}
    connection.execute("insert into clock values (?)", (TODAY,))
    _fill_users(connection, world)
    _fill_forums(connection, random, world, forum_ids)
    _fill_submissions(connection, random, world.submissions, forum_ids)
    comment_ids = _fill_comments(connection, world.submissions)
    _fill_votes(connection, random, world, comment_ids)
    connection.commit()
    connection.executescript(_FINISH)
    _rank(connection)


def _fill_users(connection: sqlite3.Connection, world: World) -> None:
    """Nobody can log in as one of the made-up users: they have no password."""
    rows = [(person.name, "", person.biography, person.joined_at) for person in world.people]
    password = hash_password(_PASSWORD, salt="5d1f0a77c2e94b36")
    rows[0] = (ACCOUNT, password, world.official.biography, world.people[0].joined_at)
    connection.executemany("insert into users (name, password, biography, joined_at) values (?, ?, ?, ?)", rows)


def _fill_forums(connection: sqlite3.Connection, random: Random, world: World, forum_ids: dict[str, int]) -> None:
    for topic in world.topics:
        # The forum's name spreads the dates over the years in which people joined.
        age_days = random.randint(540, 560) + Random(topic.name).randrange(1100)
        created_at = TODAY - age_days * DAY_S
        row = (forum_ids[topic.name], topic.name, topic.title, topic.description, topic.sidebar.strip(), topic.featured)
        connection.execute("insert into forums values (?, ?, ?, ?, ?, ?, ?)", (*row, created_at))
    for table, people in (("subscriptions", world.members), ("moderators", world.moderators)):
        connection.executemany(
            f"insert into {table} values (?, ?)",
            [(forum_ids[name], person + 1) for name, group in people.items() for person in group],
        )


def _fill_submissions(
    connection: sqlite3.Connection, random: Random, submissions: list[SeedSubmission], forum_ids: dict[str, int]
) -> None:
    for submission_id, made in enumerate(submissions, _FIRST_SUBMISSION_ID):
        image_id = None
        if made.scene:
            picture = draw(made.scene, random, front_of(made.scene, submission_id))
            image_id = image_name(picture, "jpg")
            connection.execute("insert into images values (?, ?, ?)", (image_id, MEDIA_TYPES[".svg"], picture))
        row = (submission_id, forum_ids[made.forum], made.author + 1, made.title, slug(made.title), made.url, image_id)
        connection.execute(
            "insert into submissions (id, forum_id, user_id, title, slug, url, image_id, body, created_at, last_active,"
            " ranking) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
            (*row, made.body, made.created_at),
        )


def _fill_comments(connection: sqlite3.Connection, submissions: list[SeedSubmission]) -> list[list[int]]:
    """Comments get ids in the order they were written; returns those ids by submission and place in it."""
    written = [
        (comment.created_at, number, place)
        for number, made in enumerate(submissions)
        for place, comment in enumerate(made.comments)
    ]
    comment_ids = [[0] * len(made.comments) for made in submissions]
    for comment_id, (_, number, place) in enumerate(sorted(written), _FIRST_COMMENT_ID):
        comment_ids[number][place] = comment_id
    rows = []
    for number, made in enumerate(submissions):
        for place, comment in enumerate(made.comments):
            parent_id = None if comment.parent is None else comment_ids[number][comment.parent]
            row = (comment_ids[number][place], number + _FIRST_SUBMISSION_ID, parent_id, comment.author + 1)
            rows.append((*row, comment.body, comment.created_at))
    connection.executemany(
        "insert into comments (id, submission_id, parent_id, user_id, body, created_at) values (?, ?, ?, ?, ?, ?)",
        sorted(rows),
    )
    return comment_ids


def _fill_votes(connection: sqlite3.Connection, random: Random, world: World, comment_ids: list[list[int]]) -> None:
    voters = {name: [person + 1 for person in group if person] for name, group in world.members.items()}
    for number, made in enumerate(world.submissions):
        group = voters[made.forum]
        cast = list(
            votes_on_submission(
                random, number + _FIRST_SUBMISSION_ID, made.author + 1, group, comments=len(made.comments)
            )
        )
        connection.executemany("insert into submission_votes values (?, ?, ?)", cast)
        for place, comment in enumerate(made.comments):
            voted = votes_on_comment(
                random,
                comment_ids[number][place],
                comment.author + 1,
                group,
                depth=comment.depth,
                place=place,
                popular=len(cast),
            )
            connection.executemany("insert into comment_votes values (?, ?, ?)", voted)


def _rank(connection: sqlite3.Connection) -> None:
    rows = connection.execute("select id, created_at, net_score from submissions").fetchall()
    connection.executemany(
        "update submissions set ranking = ? where id = ?",
        [(hot_ranking(created_at, net_score), submission_id) for submission_id, created_at, net_score in rows],
    )
