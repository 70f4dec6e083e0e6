"""How a run stands, as it says itself while it goes on."""

from typing import Literal

from pydantic import AwareDatetime, ConfigDict, FiniteFloat

from webarena_runner.types.record import Record
from webarena_runner.types.tasks import TaskId


class EpisodeUnderWay(Record):
    """What a worker (numbered from 0) is doing; `steps` have been taken, the latest by `action`."""

    model_config = ConfigDict(extra="ignore")

    worker: int
    task_id: TaskId
    trial: int
    attempt: int
    steps: int
    action: str
    running_s: FiniteFloat


class RunStatus(Record):
    """`status.json`: written by the process that plays the run, at each event and every few seconds.

    `state` is what that process said last; when it was killed, that is `running`: whether `heartbeat_at` is old, and
    whether process `pid` on `host` still is there, tells. `stopped` runs ended before all was run, and `why` says what
    for; `interrupted` ones by a signal. `doing` is what the run does as a whole, `last_event` the last that happened,
    with its time. Counts are of all starts of the run, as are tokens and dollars, of attempts that have ended; `left`
    has no result yet or is to be tried again. `workers` is how many episodes may be under way at
    once (None: not known), `workers_auto` whether the run finds the number itself. `eta_s` None: not known, `cost_usd`
    None: nothing has a price.
    """

    model_config = ConfigDict(extra="ignore")

    run_id: str
    state: Literal["running", "finished", "stopped", "interrupted"]
    why: str = ""
    pid: int
    host: str
    started_at: AwareDatetime
    heartbeat_at: AwareDatetime
    doing: str = ""
    last_event: str = ""
    total: int = 0
    done: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    left: int = 0
    workers: int | None = None
    workers_auto: bool = False
    under_way: tuple[EpisodeUnderWay, ...] = ()
    tokens: int = 0
    cost_usd: FiniteFloat | None = None
    eta_s: FiniteFloat | None = None
