"""A made-up run folder of the size of a real one, for timings and for looking at what is made of it.

Written through `webarena_runner.log.writing`, as a run writes: 812 tasks of 190 templates, 20 steps each, prompts with
instructions and examples, screenshots, judged answers, errors that were tried again, episodes that never ran.
"""

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from webarena_runner.log.files import sha256_of_json
from webarena_runner.log.writing import EpisodeLog, RunFolder
from webarena_runner.types import (
    ActedOn,
    Action,
    Box,
    Check,
    Click,
    Completion,
    Decision,
    Ending,
    EpisodeResult,
    Failure,
    Message,
    Node,
    Observation,
    RunManifest,
    Score,
    Scroll,
    Step,
    Stop,
    Task,
    Type,
    Verdict,
)

SITES = ("shopping", "shopping_admin", "reddit", "gitlab", "map", "wikipedia", "gitlab+reddit", "shopping+reddit")
WEIGHTS = (187, 182, 106, 180, 109, 16, 18, 14)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
WORDS = tuple(
    word
    for line in (
        "order review product customer report issue merge request project forum submission price stock category",
        "invoice route distance city driving walking search results account wish list cart checkout comment upvote",
    )
    for word in line.split()
)
INSTRUCTIONS = " ".join(
    ["You are an agent that carries out tasks in a web browser. Each turn you see the page and name one action."] * 12
)
EXAMPLES = tuple(
    (f"OBSERVATION:\n[{number}] link 'Example {number}'\n" + "[17] StaticText 'filler of an example page'\n" * 30,
     f"Let's think step-by-step. The link leads there. In summary, the next action I will perform is "
     f"```click [{number}]```")
    for number in (1744, 164)
)  # fmt: skip
WIDTH, HEIGHT = 1280, 720
SITE_URL = "http://127.0.0.1:7770"


@dataclass(frozen=True)
class Page:
    """One look of a page, which many observations share."""

    text: str
    nodes: dict[str, Node]
    screenshot: bytes


def make_run(folder: Path, *, tasks: int = 812, steps: int = 20, seed: int = 0) -> None:
    """Writes the run; the same seed makes the same one."""
    draw = random.Random(seed)
    pages = [_page(draw) for _ in range(24)]
    chosen = [_task(number, draw) for number in range(tasks)]
    run = RunFolder.create(folder, _manifest(folder.name, chosen), chosen, prompt=INSTRUCTIONS)
    for number, task in enumerate(chosen):
        if draw.random() < 0.01:
            continue
        tries = 2 if draw.random() < 0.02 else 1
        for last in [False] * (tries - 1) + [True]:
            _episode(run, task, number, pages, draw, steps=max(2, round(draw.gauss(steps, steps / 4))), last=last)
    run.close()


def _page(draw: random.Random) -> Page:
    """Text, boxes and picture of the same made-up elements."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, nodes, lines = ImageDraw.Draw(picture), {}, []
    pen.rectangle((0, 0, WIDTH, 56), fill=draw.choice(("#17403a", "#26335d", "#5a2a27", "#333a44")))
    for number in range(60):
        column, row = number % 4, number // 4
        box = Box(x=40 + 310 * column, y=72 + 42 * row, width=120 + draw.randrange(150), height=26)
        label = " ".join(draw.choices(WORDS, k=3))
        role = draw.choice(("link", "button", "StaticText", "textbox"))
        key = str(1000 + 7 * number + draw.randrange(5))
        nodes[key] = Node(line=f"{role} '{label}'", box=box)
        lines.append(f"\t[{key}] {role} '{label}'")
        pen.rectangle((box.x, box.y, box.x + box.width, box.y + box.height), outline="#c5ccd6", fill="#f4f6f8")
        pen.text((box.x + 8, box.y + 7), label, fill="#1b2430")
    title = " ".join(draw.choices(WORDS, k=2)).title()
    pen.text((40, 20), title, fill="white", font_size=18)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=10)
    text = f"Tab 0 (current): {title}\n\n[1] RootWebArea '{title}' focused: True\n" + "\n".join(lines)
    return Page(text, nodes, encoded.getvalue())


def _task(number: int, draw: random.Random) -> Task:
    template = draw.randrange(190)
    sites = tuple(random.Random(template).choices(SITES, WEIGHTS)[0].split("+"))
    kind = ("string_match", "url_match", "program_html")[template % 3]
    value = " ".join(draw.choices(WORDS, k=2))
    spec: dict[str, Any] = {
        "string_match": {"reference_answers": {"must_include": [value, str(number)]}},
        "url_match": {"reference_url": f"__{sites[0].upper()}__/{value.replace(' ', '/')}"},
        "program_html": {
            "targets": [
                {
                    "url": "last",
                    "locator": "document.querySelector('.page-title').outerText",
                    "required_contents": {"must_include": [value]},
                }
            ]
        },
    }[kind]
    if template % 9 == 0:
        spec = {"reference_answers": {"fuzzy_match": [value]}}
    return Task(
        task_set="webarena",
        task_id=number,
        intent=f"Find the {' '.join(draw.choices(WORDS, k=6))} and tell me its {value}",
        sites=sites,
        start_urls=(f"__{sites[0].upper()}__",),
        login_sites=sites,
        template_id=template,
        checks=(Check(kind=kind, spec=spec),),
        writes=kind == "program_html",
        judge=template % 9 == 0,
        raw={},
    )


def _episode(
    run: RunFolder,
    task: Task,
    number: int,
    pages: Sequence[Page],
    draw: random.Random,
    *,
    steps: int,
    last: bool,
) -> None:
    log = run.begin(task.task_id, 0)
    began, replies = START + timedelta(seconds=number * 40), []
    for index in range(steps):
        step, screenshot = _step(index, task, draw.choice(pages), draw, began=began, stop=last and index == steps - 1)
        replies.append(step.decision.completion or Completion(text=""))
        log.append(step, screenshot)
    run.put(_result(task, log, replies, draw, began=began, error=not last or draw.random() < 0.02))


def _step(
    index: int, task: Task, page: Page, draw: random.Random, *, began: datetime, stop: bool
) -> tuple[Step, bytes]:
    key = draw.choice(list(page.nodes))
    action: Action = draw.choices(
        [
            Click(element_id=key),
            Type(element_id=key, text=draw.choice(WORDS), press_enter=True),
            Scroll(direction="down"),
        ],
        [6, 2, 2],
    )[0]
    action = Stop(answer=" ".join(draw.choices(WORDS, k=2))) if stop else action
    reply = (
        f"Let's think step-by-step. The objective is: {task.intent}. The page lists "
        f"{' '.join(draw.choices(WORDS, k=9))}. "
        f"I will use element {key}. In summary, the next action I will perform is ```{action.kind} [{key}]```"
    )
    prompt = [Message(role="system", content=INSTRUCTIONS)]
    for shown, said in EXAMPLES:
        prompt += [Message(role="system", name="example_user", content=shown)]
        prompt += [Message(role="system", name="example_assistant", content=said)]
    prompt.append(Message(role="user", content=f"OBSERVATION:\n{page.text}\nOBJECTIVE: {task.intent}\nPREVIOUS: None"))
    completion = Completion(
        text=reply,
        prompt_tokens=2600 + draw.randrange(900),
        completion_tokens=90 + draw.randrange(60),
        latency_s=draw.uniform(0.8, 2.5),
        finish_reason="stop",
        cost_usd=draw.uniform(0.004, 0.009),
    )
    acts = isinstance(action, Click | Type)
    step = Step(
        index=index,
        started_at=began + timedelta(seconds=2 * index),
        observation=Observation(url=f"{SITE_URL}/{key}", tabs=("One",), text=page.text, nodes=page.nodes),
        decision=Decision(action=action, messages=tuple(prompt), completion=completion),
        action_text=f"{action.kind} [{key}] where [{key}] is {page.nodes[key].line}" if acts else action.kind,
        action_error="" if draw.random() > 0.06 else f"{action.kind}: the centre of [{key}] is outside the viewport",
        acted_on=ActedOn(element_id=key, line=page.nodes[key].line, box=page.nodes[key].box) if acts else None,
        screenshot_file=f"step-{index:03d}.jpeg",
        timings_ms={
            "agent": 1000 * completion.latency_s,
            "execute": draw.uniform(20, 90),
            "settle": draw.uniform(60, 500),
            "observe": draw.uniform(20, 90),
            "screenshot": draw.uniform(10, 40),
        },
    )
    return step, page.screenshot


def _result(
    task: Task,
    log: EpisodeLog,
    replies: Sequence[Completion],
    draw: random.Random,
    *,
    began: datetime,
    error: bool,
) -> EpisodeResult:
    passed = random.Random(task.template_id).random() * 0.5 + draw.random() * 0.5 > 0.6
    wall_s = 2.0 * len(replies) + draw.uniform(1, 9)
    failure = None
    if error:
        kind = draw.choice(("site", "model", "browser", "timeout"))
        failure = Failure(error_class=kind, message=f"{kind}: no answer within 30 s", traceback="", may_retry=True)
    ending = draw.choices([Ending.ANSWERED, Ending.STEP_LIMIT, Ending.REPEATED_ACTION], [8, 2, 1])[0]
    return EpisodeResult(
        task_set=task.task_set,
        task_id=task.task_id,
        trial=0,
        attempt=log.attempt,
        ending=Ending.ERROR if error else ending,
        answer="" if error else "the answer is " + " ".join(draw.choices(WORDS, k=3)),
        final_url=f"{SITE_URL}/end",
        value=None if error else float(passed),
        scores=() if error else (_score(task, draw, passed=passed),),
        steps=len(replies),
        prompt_tokens=sum(reply.prompt_tokens for reply in replies),
        completion_tokens=sum(reply.completion_tokens for reply in replies),
        cached_tokens=sum(reply.prompt_tokens for reply in replies) // 2,
        cost_usd=sum(reply.cost_usd or 0 for reply in replies),
        site_urls=dict.fromkeys(task.sites, SITE_URL),
        started_at=began,
        finished_at=began + timedelta(seconds=wall_s),
        wall_s=wall_s,
        timings_ms={
            "lease": draw.uniform(50, 900),
            "browser": draw.uniform(300, 900),
            "agent": 1000 * sum(reply.latency_s for reply in replies),
            "settle": draw.uniform(100, 500) * len(replies),
            "observe": draw.uniform(50, 90) * len(replies),
            "evaluate": draw.uniform(5, 900),
        },
        failure=failure,
    )


def _score(task: Task, draw: random.Random, *, passed: bool) -> Score:
    (check,) = task.checks
    said = " ".join(draw.choices(WORDS, k=40))
    evidence: dict[str, Any] = {
        "string_match": {"answer": said[:60]},
        "url_match": {"final_url": f"{SITE_URL}/end", "reference": f"{SITE_URL}/wanted"},
        "program_html": {"targets": [{"asked": "last", "opened": f"{SITE_URL}/end", "selected": said}]},
    }[check.kind] | {"urls": dict.fromkeys(task.sites, SITE_URL)}
    verdict = Verdict(
        kind="fuzzy",
        reference="the reference",
        question="Help a teacher to grade the answer of a student.",
        reply="correct" if passed else "incorrect",
        score=float(passed),
        judge="judge-model",
        cached=False,
    )
    return Score(
        evaluator=check.kind,
        value=float(passed),
        explanation="the answer matches" if passed else "the answer lacks 'order price'",
        evidence=evidence,
        verdicts=(verdict,) if task.judge else (),
    )


def _manifest(run_id: str, tasks: Sequence[Task]) -> RunManifest:
    config: dict[str, Any] = {
        "settings": {"trials": 1, "seed": 0},
        "model": {"name": "made-up-70b"},
        "tasks": {"expression": "all"},
        "sites": {"provider": "static"},
    }
    return RunManifest(
        run_id=run_id,
        started_at=START,
        profile="webarena",
        profile_overrides=(),
        config=config,
        config_sha256=sha256_of_json(config),
        task_set="webarena",
        task_set_sha256="0" * 64,
        task_set_modified=False,
        expected_count=812,
        scope="webarena",
        prompt_sha256="0" * 64,
        model="made-up-70b",
        agent="prompted",
        judge="judge-model",
        sites="static",
        planned=tuple((task.task_id, 0) for task in tasks),
        task_sites={str(task.task_id): "+".join(task.sites) for task in tasks},
        versions={"webarena-runner": "0.1.0", "playwright": "1.65.0", "chromium": "156.0", "python": "3.11.7"},
    )
