"""What `--workers auto` begins with and how far it may go: by cores, memory, the model, the sites and the tasks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from webarena_runner import registry
from webarena_runner.allowance import cores, free_mb, memory_mb
from webarena_runner.interfaces.execution import Recipe
from webarena_runner.running.order import writers_chain
from webarena_runner.settings.records import ModelSpec, RunConfig
from webarena_runner.sites.providers import gives_fresh, site_copies
from webarena_runner.types import AutoWorkers, Task

# An episode in Chromium, in the runner and on embedded sites of its own.
EPISODE_MB = 100.0
# What is left to all else on the machine, with Chromium and the runner themselves.
LEAST_RESERVE_MB, RESERVE_SHARE = 512.0, 0.1
# At first, for each core: most of an episode is waiting for the model, where there is one.
AT_FIRST, AT_FIRST_WITHOUT_MODEL = 4, 2
MOST_A_CORE = 32
# Where tasks that change a shared site wait for each other, more than so many times the mean width bring nothing.
MOST_A_WIDTH = 2
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

    def given_to(self, recipe: Recipe) -> Recipe:
        """With plain numbers for its executor, in the settings too."""
        settings = recipe.config.settings.model_copy(update={"workers": self.start})
        config = recipe.config.model_copy(update={"settings": settings})
        return replace(recipe, config=config, workers=self.start, most_workers=self.most)

    def used(self, least_and_most: tuple[int | None, int | None]) -> AutoWorkers | None:
        """For the manifest, once a run has ended; None where a number was given."""
        least, most = least_and_most
        if self.most is None or least is None or most is None:
            return None
        return AutoWorkers(least=least, most=most, allowed=self.most, bound_by=self.bound_by)


def workers_of(config: RunConfig, tasks: Sequence[Task], machine: Machine) -> WorkerRange:
    """Of a run with an episode of each of these to play."""
    asked = config.settings.workers
    if asked != "auto":
        return WorkerRange(asked)
    bounds = {
        "cores": MOST_A_CORE * machine.cores,
        "memory": machine.room,
        "episodes": len(tasks),
        **_of_model(config.model, machine),
        **_of_sites(config, tasks),
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


def _of_sites(config: RunConfig, tasks: Sequence[Task]) -> dict[str, int]:
    """By the chain of tasks that change a site which has few copies, one after another."""
    copies = [] if gives_fresh(config.sites) else site_copies(config.sites)
    in_a_row = writers_chain(tasks, free=config.settings.order == "free")
    if not copies or not in_a_row:
        return {}
    return {"tasks that change shared sites": math.ceil(MOST_A_WIDTH * len(copies) * len(tasks) / in_a_row)}
