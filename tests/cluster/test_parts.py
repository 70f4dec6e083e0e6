"""What a driver and its workers are made of, each without Ray: news that arrive once, shares, and what is sent."""

import asyncio
import pickle
from pathlib import Path

import pytest

from webarena_runner.errors import ConfigError, ModelExhausted, NoAnswer, PromptTooLong
from webarena_runner.interfaces.execution import Recipe
from webarena_runner.running.cluster.connecting import Node
from webarena_runner.running.cluster.hosts import gpus_of, parts_of
from webarena_runner.running.cluster.kit import packed, secret_names, unpacked
from webarena_runner.running.cluster.messages import Batch, Ended, Piece
from webarena_runner.running.cluster.outbox import BATCH_BYTES, Outbox
from webarena_runner.running.cluster.reachable import require_reachable
from webarena_runner.running.cluster.shares import shares
from webarena_runner.settings.loading import CliOptions, load_run_config
from webarena_runner.settings.records import RunConfig
from webarena_runner.types import Completion

LIMIT_S = 20


def ended(batch: Batch) -> list[int]:
    return [news.token for news in batch.news if isinstance(news, Ended)]


async def test_news_whose_answer_was_lost_are_given_again_and_then_no_more() -> None:
    outbox = Outbox()
    for token in (1, 2):
        outbox.put(Ended(token, None))
    lost = await outbox.after(0, wait_s=LIMIT_S)
    again = await outbox.after(0, wait_s=LIMIT_S)
    assert ended(lost) == ended(again) == [1, 2]
    outbox.put(Ended(3, None))
    assert ended(await outbox.after(again.last, wait_s=LIMIT_S)) == [3]
    assert await outbox.after(3, wait_s=0) == Batch(3)


async def test_who_waits_for_news_hears_at_once_and_in_portions() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.after(0, wait_s=LIMIT_S))
    await asyncio.sleep(0)
    for _ in range(3):
        outbox.put(Piece(1, "trace.zip", bytes(BATCH_BYTES), begins=True))
    assert len((await waiting).news) == 2
    assert len((await outbox.after(2, wait_s=0)).news) == 1


@pytest.mark.parametrize(
    ("workers", "cpus", "given"),
    [
        (4, {"a": 2.0, "b": 2.0}, {"a": 2, "b": 2}),
        (5, {"a": 8.0, "b": 2.0}, {"a": 4, "b": 1}),
        (7, {"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 3, "b": 2, "c": 2}),
        (2, {"a": 1.0, "b": 4.0, "c": 4.0}, {"b": 1, "c": 1}),
        (3, {"a": 1.0, "b": 100.0}, {"a": 1, "b": 2}),
    ],
    ids=["even", "by cores", "with a rest", "fewer than nodes", "each has one"],
)
def test_episodes_are_shared_out_by_cores(workers: int, cpus: dict[str, float], given: dict[str, int]) -> None:
    assert shares(workers, cpus) == given


def config_of(*assignments: str, model: str = "openai-compatible", sites: str | None = None) -> RunConfig:
    return load_run_config(CliOptions(model=model, assignments=assignments, sites=sites), {})[0]


URL = "model.options.base_url=http://127.0.0.1:8000/v1"
KEY = "model.options.api_key_env=OUR_KEY"


def test_a_kit_has_the_prompts_text_and_no_secret_that_is_not_to_be_handed_over(tmp_path: Path) -> None:
    prompt = tmp_path / "mine.yaml"
    prompt.write_text('intro: "Hello"\ntemplate: "{observation} {objective}"\n')
    config = config_of(URL, KEY, f"prompt={prompt}", "judge.model=openai-compatible")
    recipe = Recipe(config, (), "browser", tmp_path / "r", workers=8)
    environ = {"OUR_KEY": "planted", "OTHER": "not asked for"}
    assert b"planted" not in pickle.dumps(packed(recipe, environ, hand_over=False))
    kit = packed(recipe, environ, hand_over=True)
    assert kit.secrets == {"OUR_KEY": "planted"}
    assert "planted" not in repr(kit)

    prompt.unlink()
    there = unpacked(pickle.loads(pickle.dumps(kit)), tmp_path / "node", workers=2)  # noqa: S301 - our own
    assert Path(there.config.settings.prompt).read_text().startswith('intro: "Hello"')
    assert Path(there.config.settings.judge.model or "").name == "openai-compatible.yaml"
    assert (there.workers, there.config.settings.workers, there.folder) == (2, 2, tmp_path / "node" / "run")


def test_secrets_are_found_where_model_and_sites_name_them() -> None:
    config = config_of(
        URL,
        'model.options.headers_env={"X-Key": "HEADER_KEY"}',
        'sites.options.urls={"reddit": "http://forum.test"}',
        'sites.options.headers={"reddit": {"X-Token": "Bearer ${SITE_TOKEN}"}}',
        'sites.options.accounts={"reddit": {"username_env": "USER_NAME", "password_env": "PASSWORD"}}',
        sites="static",
    )
    assert set(secret_names(config)) == {"HEADER_KEY", "SITE_TOKEN", "USER_NAME", "PASSWORD", "HF_TOKEN"}


@pytest.mark.parametrize(
    ("assignments", "at_host"),
    [((URL,), False), ((URL, "model.rates.requests_per_minute=60"), True)],
    ids=["a URL is asked by each worker", "rates hold for all together"],
)
def test_where_a_model_is(assignments: tuple[str, ...], *, at_host: bool) -> None:
    parts = parts_of(config_of(*assignments), environment="browser")
    assert (parts.model, parts.judge) == (at_host, False)


@pytest.mark.parametrize(
    ("available", "gpus"), [(8, 4), (2, 2), (0, 0)], ids=["as it spreads", "as there are", "none on a processor"]
)
def test_an_engine_has_the_gpus_that_it_spreads_over(available: float, gpus: float) -> None:
    config = config_of("model.options.engine.tensor_parallel_size=4", model="llama3-vllm")
    assert gpus_of(config, available) == gpus


def test_more_gpus_than_the_cluster_has_are_refused() -> None:
    with pytest.raises(ConfigError, match="the cluster has 1 GPUs"):
        gpus_of(config_of("ray.engine_gpus=2", "executor=ray", model="llama3-vllm"), 1)


def test_an_address_that_each_machine_has_for_itself_is_refused_on_several() -> None:
    config = config_of(URL)
    one, other = Node("a", "10.0.0.1", 4, 0), Node("b", "10.0.0.2", 4, 0)
    require_reachable(config, [one, one], environment="browser")
    with pytest.raises(ConfigError, match="each of the 2 machines has another"):
        require_reachable(config, [one, other], environment="browser")


@pytest.mark.parametrize(
    "error",
    [PromptTooLong("too long"), ModelExhausted("no credit"), NoAnswer("cut", completion=Completion(text="x"))],
    ids=["too long", "exhausted", "no answer"],
)
def test_errors_of_a_model_pass_between_processes_with_what_they_carry(error: Exception) -> None:
    there = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(there), str(there), vars(there)) == (type(error), str(error), vars(error))
