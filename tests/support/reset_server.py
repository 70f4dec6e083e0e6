"""A reset server that answers as that of webarena-setup does: same routes, statuses and texts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.local_site import Reply, Site, serve

ONGOING, READY = Reply("Reset ongoing"), Reply("Ready for duty!")


@dataclass
class ResetServer:
    """`statuses` are given one after the other, the last one again and again; `going_on` is of somebody else."""

    site: Site
    statuses: list[Reply] = field(default_factory=lambda: [ONGOING, ONGOING, READY])
    going_on: bool = False
    resets: int = 0

    @property
    def url(self) -> str:
        return self.site.url

    def reset(self) -> Reply:
        self.resets += 1
        if self.going_on:
            return Reply("Reset already running, check status <a href='/status'>here</a>", status=418)
        return Reply("Reset initiated, check status <a href='/status'>here</a>")

    def status(self) -> Reply:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def reset_server() -> Iterator[ResetServer]:
    with serve() as site:
        server = ResetServer(site)
        site.route("/reset", server.reset)
        site.route("/status", server.status)
        yield server
