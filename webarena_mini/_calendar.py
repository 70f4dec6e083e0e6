"""The seed's idea of time: no wall clock, so that the same data comes out on every machine."""

from datetime import UTC, datetime

DAY_S = 86_400
TODAY = int(datetime(2023, 6, 15, 9, 0, tzinfo=UTC).timestamp())
