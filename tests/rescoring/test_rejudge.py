"""`wa-run rescore --judge`: another judge on loopback, how far it agrees, what it costs, and what is kept."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Done, Invoke
from tests.models.fake_openai import Reply, Server, completion, error, running
from tests.rescoring.runs import Played, write_played
from tests.rescoring.test_rescore import exact, fuzzy, values
from webarena_runner.rescoring.agreement import cohens_kappa


class Deciding(Server):
    """Answers by what the prompt holds: `says` maps a piece of it to a reply, or to an error."""

    says: dict[str, str | Reply]

    def answer(self, request: Any) -> Reply:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.path != "/v1/chat/completions" or self.key not in ("", given):
            return super().answer(request)
        prompt = request.body["messages"][-1]["content"]
        reply = next((reply for piece, reply in self.says.items() if piece in prompt), "no verdict")
        return reply if isinstance(reply, Reply) else Reply(body=completion(reply))


@pytest.fixture
def server() -> Iterator[Deciding]:
    """In a thread, since commands bring an event loop of their own."""
    started, over = threading.Event(), asyncio.Event()
    found = Deciding(models=[{"id": "judge-9"}])
    found.says = {}
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running(found):
            started.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait(10)
    yield found
    loop.call_soon_threadsafe(over.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def judge_file(workdir: Path) -> Callable[..., str]:
    def write(server: Server, name: str = "judge.yaml", **spec: Any) -> str:
        options = {"base_url": server.base_url, "probe": False, "max_retries": 0} | spec.pop("options", {})
        (workdir / name).write_text(
            yaml.safe_dump({"backend": "openai_chat", "model": "judge-9", "options": options} | spec)
        )
        return f"./{name}"

    return write


@pytest.fixture
def rejudge(invoke: Invoke, server: Deciding, judge_file: Callable[..., str]) -> Callable[..., Done]:
    """Re-scores run r1 with the judge of the server."""
    return lambda *arguments, **spec: invoke("rescore", "r1", "--judge", judge_file(server, **spec), *arguments)


EPISODES = (
    Played(1, [fuzzy("alpha")], answer="A", judge=["correct"]),
    Played(2, [fuzzy("beta")], answer="B", judge=["incorrect"]),
    Played(3, [fuzzy("gamma")], answer="C", judge=["correct"]),
    Played(4, [fuzzy("delta", "epsilon")], answer="D", judge=["incorrect"]),
    Played(5, [exact("two")], answer="two"),
    # Its run had no judge.
    Played(6, [fuzzy("zeta")], answer="Z"),
)
SAYS: dict[str, str | Reply] = {
    "alpha": "Yes, correct",
    "beta": "it is incorrect",
    "gamma": "incorrect",
    "delta": "correct",
    "epsilon": "correct",
    "zeta": "correct",
}


def test_another_judge_decides_and_its_agreement_is_told(
    workdir: Path, server: Deciding, rejudge: Callable[..., Done]
) -> None:
    folder = write_played(workdir / "results", EPISODES)
    server.says = dict(SAYS)
    done = rejudge()
    assert done.code == 0, done.err
    assert "judge judge (judge-9): at most 6 questions are asked" in done.err
    assert len(server.chats) == 6
    assert "1 -> 0 task 3 trial 0: string_match: the judge said no" in done.out
    assert "0 -> 1 task 4 trial 0" in done.out
    assert "- -> 1 task 6 trial 0" in done.out
    assert "disagree task 3 trial 0: yes -> no on 'c' against 'gamma'" in done.out
    assert "judge (judge-9) agrees with saying-judge on 2 of 4 questions; Cohen's kappa 0.000" in done.out
    record = json.loads((folder / "rescored" / "judge-judge" / "rescoring.json").read_text())
    assert (record["passed_before"], record["passed"]) == (3, 4)
    assert record["agreement"]["counts"] == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert [each["task_id"] for each in record["agreement"]["disagreements"]] == [3, 4]


def test_what_was_asked_before_is_not_asked_again_and_needs_no_key(
    workdir: Path, server: Deciding, rejudge: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_played(workdir / "results", EPISODES)
    server.says, server.key = dict(SAYS), "right-9"
    monkeypatch.setenv("JUDGE_KEY", "right-9")
    options = {"api_key_env": "JUDGE_KEY"}
    first = rejudge("--json", options=options)
    asked = len(server.requests)
    monkeypatch.delenv("JUDGE_KEY")
    second = rejudge("--json", options=options)
    assert (first.code, second.code) == (0, 0), second.err
    assert "nothing has to be asked; the answers to 6 are kept from before" in second.err
    assert len(server.requests) == asked
    assert values(json.loads(first.out)) == values(json.loads(second.out))
    assert [path.name for path in (folder / "rescored").iterdir()] == ["judge-judge"]
    other = rejudge("--json", options=options, name="other.yaml", sampling={"seed": 7})
    assert other.code == 2
    assert "JUDGE_KEY" in other.err


def test_dry_run_says_what_would_be_asked_and_asks_nobody(
    workdir: Path, server: Deciding, rejudge: Callable[..., Done]
) -> None:
    folder = write_played(workdir / "results", EPISODES)
    done = rejudge("--dry-run", "--json")
    assert json.loads(done.out) == {"judge": "judge (judge-9)", "questions": 6, "kept": 0}
    assert not server.requests
    assert not (folder / "rescored").exists()


def test_a_judge_that_fails_is_an_error_of_that_episode_and_no_score(
    workdir: Path, server: Deciding, rejudge: Callable[..., Done]
) -> None:
    write_played(workdir / "results", EPISODES)
    server.says = SAYS | {"gamma": error(500, "down")}
    done = rejudge("--json")
    found = json.loads(done.out)
    assert done.code == 1
    assert values(found) == {1: 1.0, 2: 0.0, 3: None, 4: 1.0, 5: 1.0, 6: 1.0}
    assert found["standings"]["judge_failed"] == 1
    server.says = dict(SAYS)
    again = rejudge("--json")
    assert "at most 1 question is asked; the answers to 5 are kept from before" in again.err
    assert values(json.loads(again.out))[3] == 0.0


def test_the_judge_costs_no_more_than_it_may(workdir: Path, server: Deciding, rejudge: Callable[..., Done]) -> None:
    episodes = [Played(number, [fuzzy(f"word {number}")], answer="x", judge=["correct"]) for number in range(20)]
    write_played(workdir / "results", episodes)
    server.says = {"word": "correct"}
    # 30 prompt tokens are a dollar.
    done = rejudge("--max-cost", "1.5", "--json", prices={"input": 1e6 / 30, "output": 0})
    found = json.loads(done.out)
    assert done.code == 1
    assert "at most 20 questions are asked, for at most $1.5" in done.err
    # Four may be under way when the limit is reached.
    assert 2 <= len(server.chats) <= 5
    assert found["cost_usd"] == pytest.approx(len(server.chats))
    assert found["standings"]["judge_failed"] == 20 - len(server.chats)
    assert "--max-cost allows $1.5" in next(each["why"] for each in found["episodes"] if each["value"] is None)


def test_a_judge_without_prices_cannot_be_limited(workdir: Path, rejudge: Callable[..., Done]) -> None:
    write_played(workdir / "results", EPISODES)
    done = rejudge("--max-cost", "1")
    assert done.code == 2
    assert "judge 'judge' has no prices" in done.err


def test_a_judge_that_is_not_there_is_told_and_nothing_is_written(workdir: Path, invoke: Invoke) -> None:
    folder = write_played(workdir / "results", EPISODES)
    file = workdir / "gone.yaml"
    options = {"base_url": "http://127.0.0.1:9/v1", "max_retries": 0, "connect_timeout_s": 1}
    file.write_text(
        yaml.safe_dump({"backend": "openai_chat", "model": "m", "options": {"base_url": options["base_url"]}})
    )
    done = invoke("rescore", "r1", "--judge", str(file))
    assert done.code == 2
    assert "127.0.0.1:9" in done.err
    assert not (folder / "rescored").exists()


def test_kappa_is_that_of_a_known_table_and_undefined_where_there_is_no_choice() -> None:
    """Cohen 1960: 20 and 15 agreed of 50, 5 and 10 not."""
    kappa, interval = cohens_kappa([[20, 5], [10, 15]])
    assert kappa == pytest.approx(0.4)
    assert interval == pytest.approx((0.1511, 0.6489), abs=1e-3)
    assert cohens_kappa([[0, 0, 0], [0, 7, 0], [0, 0, 0]]) == (None, None)
    assert cohens_kappa([[3, 0, 0], [0, 7, 0], [0, 0, 0]])[0] == 1.0
    assert cohens_kappa([[0, 0, 0], [7, 0, 0], [0, 0, 0]]) == (0.0, None)
