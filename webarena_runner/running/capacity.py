"""What `--workers auto` begins with and how far it may go: by cores, memory, the model, the sites and the tasks."""

from dataclasses import dataclass

from webarena_runner import registry
from webarena_runner.allowance import cores, free_mb, memory_mb
from webarena_runner.settings.records import ModelSpec, RunConfig
from webarena_runner.sites.providers import gives_fresh, site_copies
from webarena_runner.types import AutoWorkers

# An episode in Chromium, in the runner and on embedded sites of its own.
EPISODE_MB = 100.0
# What is left to all else on the machine, with Chromium and the runner themselves.
LEAST_RESERVE_MB, RESERVE_SHARE = 512.0, 0.1
# At first, for each core: most of an episode is waiting for the model, where there is one.
AT_FIRST, AT_FIRST_WITHOUT_MODEL = 4, 2
MOST_A_CORE = 32
# More on one copy of shared sites bring next to nothing, since those that change a site have it alone.
MOST_A_COPY = 8
# Longer than this a step hardly takes, so that more workers could not use what the rate allows.
STEP_S = 30.0


@dataclass(frozen=True)
class Machine:
    """What there is of it for a run."""

    cores: int
    free_mb: float
    reserve_mb: float

    @classmethod
    def here(cls) -> "Machine":
        return cls(cores(), free_mb(), max(LEAST_RESERVE_MB, RESERVE_SHARE * memory_mb()))

    @property
    def room(self) -> int:
        """For how many more episodes the memory is enough; less than 0 when it is not for what is there."""
        return int((self.free_mb - self.reserve_mb) // EPISODE_MB)


@dataclass(frozen=True)
class WorkerRange:
    """`most` None: a number that was given. `bound_by` says what keeps it from being more."""

    start: int
    most: int | None = None
    bound_by: str = ""

    @property
    def is_auto(self) -> bool:
        return self.most is not None

    def used(self, least_and_most: tuple[int | None, int | None]) -> AutoWorkers | None:
        """For the manifest, once a run has ended; None where a number was given."""
        least, most = least_and_most
        if self.most is None or least is None or most is None:
            return None
        return AutoWorkers(least=least, most=most, allowed=self.most, bound_by=self.bound_by)


def workers_of(config: RunConfig, episodes: int, machine: Machine) -> WorkerRange:
    """Of a run with so many episodes to play."""
    asked = config.settings.workers
    if asked != "auto":
        return WorkerRange(asked)
    bounds = {
        "cores": MOST_A_CORE * machine.cores,
        "memory": machine.room,
        "episodes": episodes,
        **_of_model(config.model, machine),
        **_of_sites(config),
    }
    bound_by = min(bounds, key=lambda name: bounds[name])
    most = max(1, bounds[bound_by])
    start = machine.cores * (AT_FIRST if config.model else AT_FIRST_WITHOUT_MODEL)
    return WorkerRange(min(start, most), most, bound_by)


def _of_model(spec: ModelSpec | None, machine: Machine) -> dict[str, int]:
    """While it answers as many as it can, others are in the browser."""
    if spec is None:
        return {}
    found = {}
    backend = registry.load("models", spec.backend)
    at_a_time = spec.rates.max_concurrency
    if hasattr(backend, "requests_at_a_time"):
        # Of a server that is started here, it is made for the number that the run begins with.
        fitted = backend.for_workers(spec, AT_FIRST * machine.cores) if hasattr(backend, "for_workers") else spec
        at_a_time = min(filter(None, [at_a_time, backend.requests_at_a_time(fitted)]), default=None)
    if at_a_time is not None:
        found["the model's requests at a time"] = at_a_time + machine.cores
    if spec.rates.requests_per_minute is not None:
        found["the model's rate"] = round(spec.rates.requests_per_minute * STEP_S / 60)
    return found


def _of_sites(config: RunConfig) -> dict[str, int]:
    if gives_fresh(config.sites):
        return {}
    copies = len(site_copies(config.sites))
    return {"copies of the shared sites": MOST_A_COPY * copies} if copies else {}
