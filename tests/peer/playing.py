"""Reference actions, played in other projects' environments: the oracle reads what they show, and says it their way."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from tests.models.fake_openai import Reply, Server, completion, running
from tests.peer.served import Shared
from webarena_runner.agents.oracle import Oracle
from webarena_runner.types import (
    Action,
    Box,
    Click,
    CloseTab,
    Decision,
    Goto,
    Hover,
    Node,
    Observation,
    Press,
    Scroll,
    Step,
    Stop,
    TabFocus,
    Task,
    Type,
)

SLEEP_S = 2.0  # after each action, as the official loop
SCREEN = 720
# What BrowserGym says of typing into a drop-down list.
NO_FIELD = "Element is not an <input>"
VERDICT = "incorrect, and different"


@asynccontextmanager
async def judge() -> AsyncIterator[tuple[Server, Mapping[str, str]]]:
    """Whom BrowserGym's evaluators ask, after every action; knows no right answer. With what makes them ask there."""
    async with running(Server(routes={"/v1/chat/completions": lambda body: Reply(200, completion(VERDICT))})) as server:
        yield server, {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "none", "OPENAI_ORGANIZATION": "none"}


def written(action: Action) -> str:
    """An action in the official grammar."""
    match action:
        case Type(element_id=element_id, text=text, press_enter=press_enter):
            return f"type [{element_id}] [{text}] [{int(press_enter)}]"
        case _:
            (value,) = action.model_dump(exclude={"kind"}).values() or ("",)
            return f"{action.kind} [{value}]"


def seen(answer: Mapping[str, object]) -> Observation:
    boxes = {key: Box(x=x, y=y, width=width, height=height) for key, (x, y, width, height) in answer["boxes"].items()}
    nodes = {key: Node(line="", box=box) for key, box in boxes.items()}
    return Observation(url=str(answer["url"]), tabs=(), text=str(answer["text"]), nodes=nodes)


async def play_in_package(task: Task, shared: Shared) -> float:
    """An episode in the package's environment, from its own reading of the task file to its own score."""
    await shared.reset()
    if task.login_sites:
        await shared.package.ask("log_in", sites=list(task.login_sites))
    config_file, history, agent = shared.config_file(task.task_id), list[Step](), Oracle()
    now = seen(await shared.package.ask("env_reset", config_file=config_file, sleep_s=SLEEP_S))
    while True:
        decision: Decision = await agent.act(task, history, now, urls=shared.urls)
        if isinstance(decision.action, Stop):
            answer = decision.action.answer
            return float((await shared.package.ask("env_score", config_file=config_file, answer=answer))["score"])
        history.append(
            Step(index=len(history), started_at=datetime.now(UTC), observation=now, decision=decision, action_text="")
        )
        now = seen(await shared.package.ask("env_step", action=written(decision.action)))


def calls_of(action: Action) -> Sequence[str]:
    """An action as BrowserGym's, of the subset that it has for WebArena; some are two of them."""
    match action:
        case Click(element_id=bid):
            return (f"click({bid!r})",)
        case Hover(element_id=bid):
            return (f"hover({bid!r})",)
        case Type(element_id=bid, text=text, press_enter=press_enter):
            return (f"fill({bid!r}, {text!r})", *(["keyboard_press('Enter')"] if press_enter else []))
        case Press(key_comb=keys):
            return (f"keyboard_press({keys!r})",)
        case Scroll(direction=direction):
            return (f"scroll(0, {SCREEN if direction == 'down' else -SCREEN})",)
        case Goto(url=url):
            return (f"goto({url!r})",)
        case TabFocus(page_number=number):
            return (f"tab_focus({number})",)
        case Stop(answer=answer):
            return (f"send_msg_to_user({answer!r})",)
        case CloseTab():
            return ("tab_close()",)
        case _:
            return (f"{action.kind}()",)


async def play_in_browsergym(
    task: Task, shared: Shared, *, as_published: bool = False, answer_at_once: str | None = None
) -> float:
    """An episode in BrowserGym's environment, to the reward that ends it."""
    await shared.reset()
    now = seen(shown := await shared.package.ask("reset", task_id=task.task_id, as_published=as_published))
    history, agent = list[Step](), Oracle()
    if len(shown["tabs"]) > 1:
        # Officially the first start page is shown, here the last.
        now = seen(await shared.package.ask("step", action="tab_focus(0)"))
    while True:
        decision = Decision(action=Stop(answer=answer_at_once or ""))
        if answer_at_once is None:
            decision = await agent.act(task, history, now, urls=shared.urls)
        for call in calls_of(decision.action):
            shown = await shared.package.ask("step", action=call)
            if isinstance(decision.action, Type) and NO_FIELD in shown["error"]:
                # A drop-down list, in which typing chooses an option.
                chosen = f"select_option({decision.action.element_id!r}, {decision.action.text!r})"
                shown = await shared.package.ask("step", action=chosen)
            if shown["error"]:
                raise AssertionError(f"task {task.task_id}, {call} ({decision.note}): {shown['error']}")
            if shown["ended"]:
                return float(shown["reward"])
        history.append(
            Step(index=len(history), started_at=datetime.now(UTC), observation=now, decision=decision, action_text="")
        )
        now = seen(shown)
