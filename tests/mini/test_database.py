"""The database of one running copy of a site."""

import sqlite3
from contextlib import closing

import pytest

from webarena_mini.kit.database import Database, build_snapshot, execute

SCHEMA = """
create table forum (id integer primary key);
create table post (id integer primary key, forum_id integer not null references forum (id) on delete cascade);
"""


def test_what_depends_on_a_deleted_row_goes_with_it_after_a_reset_too() -> None:
    database = Database(build_snapshot(SCHEMA, lambda connection: None))
    database.enforce_references()
    database.reset()
    database.insert("post", forum_id=database.run("insert into forum default values"))
    database.run("delete from forum")
    assert database.value("select count(*) from post") == 0
    database.close()


@pytest.mark.parametrize(
    ("sql", "values", "row"),
    [
        ("select ?, ?", (1, 2), (1, 2)),
        ("select ?2, ?1, ?2", (1, 2), (2, 1, 2)),
        ("select ?, ?1, ?", (1, 2), (1, 1, 2)),
        ("select ?2, ?, 'why ?1?', '' || ?1", (1, 2, 3), (2, 3, "why ?1?", "1")),
    ],
)
def test_placeholders_take_the_values_that_sqlite_gives_them(
    sql: str, values: tuple[object, ...], row: tuple[object, ...]
) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert execute(connection, sql, *values).fetchone() == row
