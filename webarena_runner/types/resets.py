"""What a run notes of putting shared sites back to their first state."""

from datetime import datetime

from webarena_runner.types.record import Record


class SiteReset(Record):
    """One reset of sites of one instance, in `tries`; `error` is "" when they were as new and answered after it."""

    instance: str
    sites: tuple[str, ...]
    why: str
    started_at: datetime
    wall_s: float
    tries: int
    error: str = ""
