"""When things in the seeded store happened; all of it is before `CLOCK_START`."""

from datetime import datetime, timedelta
from random import Random

SEED = 20_230_615
# Every change moves the store's clock on by a minute.
CLOCK_START = "2023-06-15 10:00:00"
OPENED = datetime.fromisoformat("2021-11-02 09:00:00")
FIRST_ORDER = datetime.fromisoformat("2022-01-05 08:00:00")
LAST_ORDER = datetime.fromisoformat("2023-06-14 20:00:00")


def moment_between(random: Random, first: datetime, last: datetime) -> datetime:
    return first + timedelta(seconds=random.randrange(int((last - first).total_seconds())))


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
