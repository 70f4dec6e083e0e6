"""Whether the pages that chosen tasks begin at are there."""

import asyncio
from collections.abc import Mapping, Sequence

from webarena_runner.sites.probes.findings import Finding, Place
from webarena_runner.sites.probes.page import how_to_give, unanswered
from webarena_runner.sites.probes.plain import Visitor, look
from webarena_runner.types import TaskId

CHECK = "start pages"
AT_ONCE = 4
SHOWN_TASKS = 5


async def start_pages(place: Place, pages: Mapping[str, Sequence[TaskId]], visitor: Visitor) -> Sequence[Finding]:
    """Asks for each; what is wrong with several in one way is told once."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def fault_at(address: str) -> Finding | None:
        async with turn:
            return unanswered(place, CHECK, await look(address, visitor))

    async with asyncio.TaskGroup() as group:
        looks = {address: group.create_task(fault_at(address)) for address in pages}
    wrong = {address: fault for address, job in looks.items() if (fault := job.result())}
    if not wrong:
        return [place.ok(CHECK, f"all {len(pages)} are there")]
    first = next(iter(wrong.values()))
    ids = [task_id for address in wrong for task_id in pages[address]]
    more = ", ..." if len(ids) > SHOWN_TASKS else ""
    listed = f"{len(ids)} task(s) ({', '.join(map(str, ids[:SHOWN_TASKS]))}{more}) begin there"
    found = f"{len(wrong)} of {len(pages)} are not there: {first.found}; {listed}"
    if first.check != CHECK:
        return [place.failure(first.check, found, first.remedy)]
    remedy = "restore the site's data (a reset does), or correct its URL, with which these addresses begin"
    return [place.failure(CHECK, found, f"{remedy}: {how_to_give(place)}")]
