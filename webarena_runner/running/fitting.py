"""Holds what an agent decides against the functions that its environment offers, before anything is done."""

from collections.abc import Callable

from webarena_runner.actions.calls import written
from webarena_runner.errors import ProtocolFault
from webarena_runner.types import CallTool, Decision, Invalid, Task


def fitting(task: Task) -> Callable[[Decision], Decision]:
    """What makes an invalid action of one that does not fit the functions of the task's environment.

    Both raise ProtocolFault for functions that no call could be held against.
    """
    if not task.tools:
        return _without_calls
    # Its libraries are for environments with functions alone.
    from webarena_runner.actions.offered import BadTool, Offered

    def fitted(decision: Decision) -> Decision:
        try:
            return decision.model_copy(update={"action": offered.fitted(decision.action)})
        except BadTool as fault:
            raise ProtocolFault(f"task {task.task_id}: {fault}") from None

    try:
        offered = Offered(task.tools)
    except BadTool as fault:
        raise ProtocolFault(f"task {task.task_id}: {fault}") from None
    return fitted


def _without_calls(decision: Decision) -> Decision:
    action = decision.action
    if not isinstance(action, CallTool):
        return decision
    none = Invalid(raw=written(action), reason="there are no functions to call here")
    return decision.model_copy(update={"action": none})
