"""What of the judge's verdicts is kept: as much as can be told apart, and no longer than is asked for."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.models.fake_openai import Reply, Server, completion, running
from webarena_runner.errors import JudgeError
from webarena_runner.interfaces import JudgeReply
from webarena_runner.models.shared.limits import Spend
from webarena_runner.running.resources import open_judge
from webarena_runner.settings.records import JudgeSettings, RunSettings, ScoringSettings

QUESTION = {"intent": "How long does it take?", "reference": "two minutes", "answer": "120 s"}


@pytest.fixture
async def servers() -> AsyncIterator[tuple[Server, Server]]:
    async with running(Server(models=[{"id": "m"}])) as first, running(Server(models=[{"id": "m"}])) as second:
        yield first, second


async def ask(
    server: Server,
    says: str,
    tmp_path: Path,
    *,
    run: str,
    cache: bool | str = True,
    finish_reason: str = "stop",
    scoring: ScoringSettings | None = None,
    **spec: Any,
) -> JudgeReply:
    """What the judge `m` of this server says in a run, by a model file of that name."""
    file = tmp_path / "m.yaml"
    options = {"base_url": server.base_url, "probe": False}
    file.write_text(yaml.safe_dump({"backend": "openai_chat", "model": "m", "options": options} | spec))
    server.replies.clear()
    choice = {"index": 0, "message": {"role": "assistant", "content": says}, "finish_reason": finish_reason}
    server.replies.append(Reply(body=completion(says, choices=[choice])))
    judge_settings = JudgeSettings(model=str(file), cache=cache)
    settings = RunSettings(profile="p", judge=judge_settings, scoring=scoring or ScoringSettings())
    async with AsyncExitStack() as stack:
        judge = await open_judge(settings, {}, stack, Spend(), tmp_path / run / "judge")
        assert judge is not None
        return await judge.ask("fuzzy", **QUESTION)


async def test_another_run_asks_its_own_judge(servers: tuple[Server, Server], tmp_path: Path) -> None:
    """The same file, name and address: what is behind it is another model since."""
    assert (await ask(servers[0], "correct", tmp_path, run="a")).text == "correct"
    assert (await ask(servers[0], "incorrect", tmp_path, run="b")).text == "incorrect"
    again = await ask(servers[0], "incorrect", tmp_path, run="a")
    assert (again.text, again.cached) == ("correct", True)


@pytest.mark.parametrize(
    "spec",
    [{}, {"sampling": {"seed": 7}}, {"options": {"example_roles": "official"}}],
    ids=["address", "seed", "option"],
)
async def test_another_judge_of_that_name_is_asked_in_a_shared_folder(
    spec: dict[str, Any], servers: tuple[Server, Server], tmp_path: Path
) -> None:
    first, second = servers
    cache = str(tmp_path / "kept")
    if "options" in spec:
        spec = {"options": spec["options"] | {"base_url": first.base_url, "probe": False}}
    asked = await ask(first, "correct", tmp_path, run="a", cache=cache)
    other = await ask(first if spec else second, "incorrect", tmp_path, run="b", cache=cache, **spec)
    again = await ask(first, "asked again, correct", tmp_path, run="c", cache=cache, description="other words")
    assert [each.text for each in (asked, other, again)] == ["correct", "incorrect", "correct"]
    assert [each.cached for each in (asked, other, again)] == [False, False, True]


async def test_another_checkpoint_behind_the_name_is_another_judge(
    servers: tuple[Server, Server], tmp_path: Path
) -> None:
    server, cache = servers[0], str(tmp_path / "kept")
    server.models = [{"id": "m", "root": "org/model-a"}]
    await ask(server, "correct", tmp_path, run="a", cache=cache)
    server.models = [{"id": "m", "root": "org/model-b"}]
    assert (await ask(server, "incorrect", tmp_path, run="a", cache=cache)).text == "incorrect"


async def test_nothing_is_kept_when_that_is_asked_for(servers: tuple[Server, Server], tmp_path: Path) -> None:
    assert (await ask(servers[0], "correct", tmp_path, run="a", cache=False)).text == "correct"
    assert (await ask(servers[0], "incorrect", tmp_path, run="a", cache=False)).text == "incorrect"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("says", ["", "Let me compare the two"])
async def test_a_reply_that_ends_at_its_limit_without_a_verdict_is_no_verdict(
    says: str, servers: tuple[Server, Server], tmp_path: Path
) -> None:
    with pytest.raises(JudgeError, match=r"sampling\.max_tokens"):
        await ask(servers[0], says, tmp_path, run="a", finish_reason="length")
    (chat,) = servers[0].chats
    assert chat.body["max_tokens"] == 768
    assert (await ask(servers[0], "correct", tmp_path, run="a", sampling={"max_tokens": 2000})).text == "correct"
    assert servers[0].chats[-1].body["max_tokens"] == 2000


async def test_a_verdict_that_was_only_thought_of_is_kept_for_those_who_count_it(
    servers: tuple[Server, Server], tmp_path: Path
) -> None:
    said, cache = "<think>At first sight incorrect.</think> Hm.", str(tmp_path / "kept")
    assert (await ask(servers[0], said, tmp_path, run="a", cache=cache)).text == said
    strict = ScoringSettings(judge_skip_thoughts=True)
    asked = await ask(servers[0], "correct", tmp_path, run="b", cache=cache, scoring=strict)
    assert (asked.text, asked.cached) == ("correct", False)


async def test_a_verdict_in_thoughts_that_are_cut_is_none(servers: tuple[Server, Server], tmp_path: Path) -> None:
    strict = ScoringSettings(judge_skip_thoughts=True)
    with pytest.raises(JudgeError, match=r"sampling\.max_tokens"):
        await ask(servers[0], "<think>incorrect? or", tmp_path, run="a", finish_reason="length", scoring=strict)
