"""What is fuzzed: task files, replies of a model, run folders. A case may end in an error of ours and in no other."""

import asyncio
import gzip
import json
import random
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

import orjson
from rich.console import Console

from tests.fuzz import odd
from webarena_runner.actions.describe import describe_action
from webarena_runner.actions.kinds import VERBS
from webarena_runner.actions.stops import early_stop
from webarena_runner.agents.prompted import Prompted
from webarena_runner.agents.tools import ToolCalling
from webarena_runner.cli.checked import check_tasks
from webarena_runner.cli.results import print_report, print_statistics
from webarena_runner.errors import RunnerError
from webarena_runner.evaluators import load_evaluators, rescore
from webarena_runner.evaluators.verdict import read_verdict
from webarena_runner.export.bundle.verify import verify_folder
from webarena_runner.export.leaderboard import row_of
from webarena_runner.interfaces import AgentSetup
from webarena_runner.log.paths import RunPaths
from webarena_runner.log.reading import (
    read_last_page,
    read_manifest,
    read_results,
    read_steps,
    read_tasks,
    readable_results,
)
from webarena_runner.models.openai.backend import OpenAIChat
from webarena_runner.official.notation import render
from webarena_runner.official.sites import SITES, sites_needed
from webarena_runner.report.comparison.manifests import alike
from webarena_runner.report.comparison.runs import compare_runs
from webarena_runner.report.markdown import as_markdown
from webarena_runner.report.outcomes import OfflineScorer
from webarena_runner.report.summary import load_run
from webarena_runner.rescoring.episodes import Rescorer
from webarena_runner.rescoring.past import load_past
from webarena_runner.rescoring.whole import rescored_offline
from webarena_runner.results import load
from webarena_runner.running.elsewhere import require_sites_of_tasks
from webarena_runner.running.reproducing.command import command_of
from webarena_runner.running.run import prepare_resume
from webarena_runner.settings.profiles import load_profile
from webarena_runner.settings.records import ModelSpec, RunSettings, ScoringSettings, SitesSpec
from webarena_runner.tasksets import load_task_set
from webarena_runner.tasksets.keys import require_done
from webarena_runner.tasksets.selection import select
from webarena_runner.types import ACTION_RECORDS, Observation, Step, Task

URLS = {site: f"http://127.0.0.1:{7000 + number}" for number, site in enumerate(SITES)}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Surface(Protocol):
    def case(self, rng: random.Random) -> None:
        """Raises what no user may see."""
        ...

    def close(self) -> None: ...


class TaskFiles:
    """`records` are right ones, which are changed; `folder` is where the files go."""

    def __init__(self, records: list[dict[str, Any]], folder: Path) -> None:
        self._records = records
        self._folder = folder

    def case(self, rng: random.Random) -> None:
        path = self._write(rng)
        try:
            with suppress(RunnerError):
                self._use(path, rng)
        finally:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def close(self) -> None:
        """Nothing is open."""

    def _write(self, rng: random.Random) -> Path:
        records: Any = rng.sample(self._records, rng.randrange(1, 4))
        records = odd.changed(records, rng) if rng.random() < 0.9 else records
        if not isinstance(records, list) or rng.random() < 0.1:
            records = [records]
        texts = [odd.text_of(each, rng) for each in records]
        if rng.random() < 0.15:
            folder = self._folder / "folder"
            folder.mkdir()
            for number, text in enumerate(texts):
                (folder / f"{number}.json").write_bytes(self._bytes(text, rng))
            return folder
        path = self._folder / rng.choice(("a.json", "a.jsonl", "a.json.gz"))
        lines = path.suffix == ".jsonl"
        whole = "\n".join(text.replace("\n", " ") for text in texts) if lines else f"[{','.join(texts)}]"
        data = self._bytes(whole, rng)
        path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)
        return path

    def _bytes(self, text: str, rng: random.Random) -> bytes:
        return odd.damaged(text.encode(), rng) if rng.random() < 0.2 else text.encode()

    def _use(self, path: Path, rng: random.Random) -> None:
        """As the command line does: check, choose, look at what the tasks need, score an outcome."""
        loaded = load_task_set(str(path)).load()
        json.dumps(check_tasks(loaded).as_json(), ensure_ascii=False).encode()
        for task in loaded.tasks:
            assert Task.model_validate_json(task.model_dump_json()) == task
            sites_needed(task)
            for url in task.start_urls:
                render(url, URLS)
            with suppress(RunnerError):
                require_sites_of_tasks([task], SitesSpec(provider="static", options={"urls": URLS}))
        self._score(loaded.tasks, rng)
        chosen = select(rng.choice(("all", "0-9", "sample:1", "eval:url_match", "template:1")), loaded, seed=0)
        require_done(chosen, ignored=())

    def _score(self, tasks: tuple[Task, ...], rng: random.Random) -> None:
        scorer = OfflineScorer({task.task_id: task for task in tasks}, URLS, ScoringSettings())
        outcomes = [
            {"task_id": task.task_id, "type": check.kind, "judge_reply": "correct", **_outcome(check.spec, rng)}
            for task in tasks
            for check in task.checks
        ]
        lines = [odd.text_of(odd.changed(each, rng) if rng.random() < 0.3 else each, rng) for each in outcomes]
        for scored in scorer.score_lines([line.replace("\n", " ").encode() for line in lines]):
            assert scored.score is not None or scored.error


def _outcome(spec: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    text = rng.choice(odd.TEXTS)
    return {"answer": text, "final_url": text, "selected": [text] * len(spec.get("targets", ()))}


class Replies:
    """A model server whose every reply is a changed one, with agents that read texts, and one that reads calls."""

    def __init__(self, bodies: list[Any]) -> None:
        self._bodies = bodies
        self._reply = self._asked = b""
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start())

    def case(self, rng: random.Random) -> None:
        self._reply = self._drawn(rng)
        agent, settings = rng.choice(self._agents)
        with suppress(RunnerError):
            self._loop.run_until_complete(self._act(agent, settings))
        _require_json(self._asked)
        read_verdict(
            rng.choice(("fuzzy", "unachievable")),
            odd.mixed(JUDGED, rng),
            ScoringSettings(judge_negation=rng.random() < 0.5),
        )

    def close(self) -> None:
        self._loop.run_until_complete(self._stop())
        self._loop.close()

    def _drawn(self, rng: random.Random) -> bytes:
        body: Any = rng.choice(self._bodies)
        if rng.random() < 0.5:
            message = {"content": odd.mixed(ACTIONS, rng)}
            if rng.random() < 0.3:
                message = {
                    "content": rng.choice((None, "", "x")),
                    "tool_calls": [_call(rng) for _ in range(rng.randrange(3))],
                }
            body = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9}}
        body = odd.changed(body, rng) if rng.random() < 0.5 else body
        data = odd.text_of(body, rng).encode()
        data = odd.damaged(data, rng) if rng.random() < 0.1 else data
        status = rng.choice((200, 200, 200, 200, 400, 401, 403, 404, 429, 500, 503))
        length = len(data) if rng.random() < 0.98 else len(data) + 5
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n"
        return f"{head}Content-Length: {length}\r\n\r\n".encode() + data

    async def _act(self, agent: Prompted, settings: RunSettings) -> None:
        seen = Observation(url=f"{URLS['shopping']}/", tabs=("Shop",), text="Tab 0 (current): Shop\n\n[1] link 'x'")
        decision = await agent.act(TASK, (), seen, urls=URLS)
        text = describe_action(decision.action, seen)
        step = Step(index=0, started_at=NOW, observation=seen, decision=decision, action_text=text)
        step.model_dump_json().encode()
        early_stop([decision.action] * 3, settings.limits)
        await agent.act(TASK, (step,), seen, urls=URLS)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        options = {"base_url": f"http://127.0.0.1:{port}/v1", "max_retries": 0, "timeout_s": 5}
        self._model = OpenAIChat(ModelSpec(name="m", backend="openai_chat", model="m", options=options), environ={})
        self._agents: list[tuple[Prompted, RunSettings]] = [
            (kind.build(AgentSetup(self._model, settings)), settings) for kind, settings in _settings()
        ]

    async def _stop(self) -> None:
        await self._model.aclose()
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
            self._asked = await reader.readexactly(length)
            writer.write(self._reply)
            await writer.drain()
        writer.close()


ACTIONS = (
    *("```click [1]```", "```type [1] [text] [1]```", "```stop [answer]```", "```goto [http://reddit.com]```", "```"),
    *("```scroll [down]```", "```press [ctrl+a]```", "```tab_focus [0]```", "```tab_focus [99999999999999999999]```"),
    *('```page.get_by_role("link", name="x").click()```', '```page.stop("x")```', "```page.goto(f'{x}')```"),
    *("In summary, the next action I will perform is ", "<think>```click [2]```</think>", "```new_tab```", "```json\n"),
)
JUDGED = ("correct", "incorrect", "partially correct", "not correct", "same", "different", "The answer is", " not ")
TASK = Task(
    task_set="fuzz", task_id=1, intent="Go", sites=("shopping",), start_urls=(), login_sites=(), checks=(), raw={}
)


def _require_json(asked: bytes) -> None:
    """Raises ValueError where a request, or the arguments of a call in it, is JSON for Python alone."""
    for message in orjson.loads(asked)["messages"]:
        for call in message.get("tool_calls", ()):
            orjson.loads(call["function"]["arguments"])


def _call(rng: random.Random) -> dict[str, Any]:
    """A call of a function as a server sends it, its arguments changed."""
    verb = rng.choice((*VERBS, "none"))
    names = ACTION_RECORDS[verb].model_fields if verb in ACTION_RECORDS else ()
    arguments = {name: rng.choice(("1", 1, True, "down", *odd.TEXTS)) for name in names if name != "kind"}
    text = odd.text_of(odd.changed(arguments, rng) if rng.random() < 0.7 else arguments, rng)
    return {"id": rng.choice(("", None, "a")), "type": "function", "function": {"name": verb, "arguments": text}}


def _settings() -> list[tuple[type[Prompted], RunSettings]]:
    official, strict = load_profile("webarena").settings, load_profile("strict").settings
    actions = strict.actions.model_copy(update={"action_set": "playwright"})
    playwright = strict.model_copy(update={"actions": actions, "prompt": "cot_playwright"})
    calling = strict.model_copy(update={"agent": "tools", "prompt": "tools"})
    return [(Prompted, official), (Prompted, strict), (Prompted, playwright), (ToolCalling, calling)]


class RunFolders:
    """`folders` are whole run folders, of which copies below `workspace` are damaged."""

    def __init__(self, folders: list[Path], workspace: Path) -> None:
        self._folders = folders
        self._workspace = workspace
        self._evaluators = load_evaluators(ScoringSettings())
        # What takes seconds to import, on a busy machine more than a case has.
        import_module("statsmodels.stats.contingency_tables")

    def case(self, rng: random.Random) -> None:
        folder = Path(shutil.copytree(rng.choice(self._folders), self._workspace / "run"))
        try:
            for _ in range(rng.randrange(1, 3)):
                self._damage(folder, rng)
            self._use(folder, rng)
        finally:
            shutil.rmtree(folder)

    def close(self) -> None:
        """Nothing is open."""

    def _damage(self, folder: Path, rng: random.Random) -> None:
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".txt")
        path = rng.choice(files)
        data = path.read_bytes()
        match rng.randrange(8):
            case 0:
                path.unlink()
            case 1:
                path.unlink()
                path.mkdir()
            case 2 | 3:
                path.write_bytes(odd.damaged(data, rng))
            case _:
                text = data.decode(errors="replace")
                lines = text.split("\n") if path.suffix == ".jsonl" else [text]
                at = rng.randrange(len(lines))
                with suppress(ValueError, RecursionError):
                    lines[at] = odd.text_of(odd.changed(json.loads(lines[at]), rng), rng)
                    lines[at] = lines[at].replace("\n", " ") if path.suffix == ".jsonl" else lines[at]
                path.write_text("\n".join(lines))

    def _use(self, folder: Path, rng: random.Random) -> None:
        """As `wa-run report`, `resume`, an exporter and a reader of the log do; not all in each case, for the time."""
        with suppress(RunnerError):
            report = load_run(folder)
            json.dumps(report.as_json(), ensure_ascii=False).encode()
            row_of(report)
            if repr(dict(report.results)) != repr(readable_results(folder)[0]):
                raise AssertionError("results that are read at once are not those that are read one by one")
            if rng.random() < 0.3:
                print_report(report, Console(file=StringIO()))
                print_statistics(report, Console(file=StringIO()))
                as_markdown(report, with_statistics=True).encode()
            if rng.random() < 0.1:
                frames = load(folder)
                repr((frames.tasks, frames.steps, frames.scores))
            if rng.random() < 0.2:
                alike(report.manifest)
                json.dumps(compare_runs([folder, rng.choice(self._folders)]).as_json(), ensure_ascii=False).encode()
        with suppress(RunnerError):
            if rng.random() < 0.3:
                prepare_resume(folder)
        for paths in RunPaths(folder).all_attempts():
            with suppress(RunnerError):
                list(read_steps(paths.folder))
            with suppress(RunnerError):
                read_last_page(paths.folder)
        with suppress(RunnerError):
            tasks = {task.task_id: task for task in read_tasks(folder) or ()}
            for result in read_results(folder).values():
                if result.task_id in tasks:
                    rescore(tasks[result.task_id], result.scores, self._evaluators)
        if rng.random() < 0.3:
            _score_again(folder)


def _score_again(folder: Path) -> None:
    """As `wa-run rescore`, `verify` and `reproduce` do."""
    with suppress(RunnerError):
        run = load_past(folder)
        for scoring in (run.scoring, ScoringSettings(url_whole_segments=True, numbers_by_value=True)):
            rescored_offline(Rescorer(run, scoring), run.manifest.planned)
    json.dumps(verify_folder(folder).as_json(), ensure_ascii=False).encode()
    with suppress(RunnerError):
        command_of(read_manifest(folder), {})
