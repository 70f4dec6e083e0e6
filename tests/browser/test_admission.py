"""Who may work in the browser, and in which order."""

import asyncio
from collections.abc import Mapping

from webarena_runner.browser.admission import Admission
from webarena_runner.browser.strain import Strain


async def nothing() -> Mapping[int, str]:
    return {}


async def test_turns_are_given_in_the_order_of_asking_and_no_more_than_the_limit_at_once() -> None:
    admission, order, inside, most = Admission(2, Strain(nothing)), list[int](), 0, 0

    async def work(number: int) -> None:
        nonlocal inside, most
        async with admission.turn():
            order.append(number)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(9)))
    assert order == list(range(9))
    assert most == 2


async def test_who_gives_up_waiting_holds_up_nobody() -> None:
    admission, end = Admission(1, Strain(nothing)), asyncio.Event()

    async def work() -> None:
        async with admission.turn():
            await end.wait()

    holding, impatient, patient = (asyncio.create_task(work()) for _ in range(3))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    assert not holding.done()
    end.set()
    async with asyncio.timeout(5):
        await asyncio.gather(holding, patient)


async def test_who_has_a_turn_waits_for_no_other_one() -> None:
    admission = Admission(1, Strain(nothing))
    async with asyncio.timeout(5), admission.turn(), admission.turn() as waited_s:
        assert waited_s == 0


async def test_without_a_limit_more_are_let_in_while_no_core_is_wanted() -> None:
    admission, inside = Admission(None, Strain(nothing)), set[int]()
    enough = asyncio.Event()

    async def work(number: int) -> None:
        async with admission.turn():
            inside.add(number)
            if len(inside) == 40:
                enough.set()
            await enough.wait()

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(number) for number in range(40)))
