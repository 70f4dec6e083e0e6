"""A site's idea of time: no wall clock, so that the same data comes out on every machine and in every run."""

from datetime import UTC, date, datetime

from webarena_mini.kit.database import Database

DAY_S = 86_400
TICK_S = 60
# When all sites begin.
BEGIN = datetime(2023, 6, 15, 9, 0, tzinfo=UTC)
TODAY = int(BEGIN.timestamp())


def now(database: Database) -> int:
    return int(database.value("select now from clock"))


def tick(database: Database) -> int:
    """Moves the site's clock on and returns it: later than everything written before, the same in every run."""
    database.run("update clock set now = now + ?", TICK_S)
    return now(database)


def today(database: Database) -> date:
    return datetime.fromtimestamp(now(database), UTC).date()
