"""The database of one running copy of a site."""

from webarena_mini.kit.database import Database, build_snapshot

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
