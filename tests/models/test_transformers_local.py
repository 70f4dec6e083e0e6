"""The Transformers backend with a real tiny model, made here; needs an environment that has the library."""

import asyncio
import json
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from webarena_runner.errors import ConfigError, ModelError, ModelRefused, PromptTooLong
from webarena_runner.interfaces import RequestTag
from webarena_runner.models.transformers.backend import TransformersLocal
from webarena_runner.models.transformers.batch import Batcher, Request
from webarena_runner.settings.records import ModelSpec
from webarena_runner.types import Completion, Message, Sampling

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(find_spec("torch") is None, reason="the extra `transformers` is not installed"),
]
TAG = RequestTag("mini", 1)
GREEDY = Sampling(temperature=0.0, max_tokens=24)
CONTEXT = 8192
LIMIT_S = 60
Load = Callable[..., Awaitable[TransformersLocal]]


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tools.make_tiny_llama import make_model, make_tokenizer

    folder = tmp_path_factory.mktemp("tiny-llama")
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    make_model(tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture
async def load(tiny_llama: Path) -> AsyncIterator[Load]:
    """A loaded backend, closed at the end; keywords are its options."""
    async with AsyncExitStack() as stack:

        async def make(
            folder: Path = tiny_llama, *, context_window: int | None = None, **options: Any
        ) -> TransformersLocal:
            given = ModelSpec(
                name="tiny",
                backend="transformers",
                model=str(folder),
                context_window=context_window,
                options={"dtype": "float32", "device_map": "cpu", "batch_wait_ms": 50} | options,
            )
            backend = TransformersLocal(given, environ={})
            stack.push_async_callback(backend.aclose)
            await backend.check()
            return backend

        yield make


def edited(folder: Path, copy: Path, name: str, **values: Any) -> Path:
    """A copy of a checkpoint, with other values in one of its JSON files (None: without the key)."""
    shutil.copytree(folder, copy)
    content = json.loads((copy / name).read_text()) | values
    (copy / name).write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
    return copy


def user(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


def prompts(count: int = 8) -> list[list[Message]]:
    return [user(f"item {number} " * (5 * number + 1)) for number in range(count)]


async def at_once(backend: TransformersLocal, asked: list[list[Message]], sampling: Sampling) -> list[Completion]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(backend.generate(messages, sampling, tag=TAG)) for messages in asked]
    return [task.result() for task in tasks]


async def one_by_one(backend: TransformersLocal, asked: list[list[Message]], sampling: Sampling) -> list[Completion]:
    return [await backend.generate(messages, sampling, tag=TAG) for messages in asked]


async def test_a_batch_of_prompts_of_many_lengths_has_the_replies_that_each_has_alone(load: Load) -> None:
    backend = await load()
    alone = await one_by_one(backend, prompts(), GREEDY)
    batch = await at_once(backend, prompts(), GREEDY)
    assert [each.text for each in batch] == [each.text for each in alone]
    assert len({each.text for each in batch}) == len(batch)
    assert [each.prompt_tokens for each in batch] == [each.prompt_tokens for each in alone]


@pytest.mark.parametrize("temperature", [0.0, 0.7])
async def test_log_probabilities_are_those_of_the_model_for_the_tokens_of_the_reply(
    load: Load, tiny_llama: Path, temperature: float
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    backend = await load(logprobs=True)
    sampling = Sampling(temperature=temperature, max_tokens=12, seed=5)
    model = AutoModelForCausalLM.from_pretrained(tiny_llama, dtype=torch.float32)
    for reply in await at_once(backend, prompts(3), sampling):
        assert reply.prompt_token_ids is not None
        assert reply.token_ids is not None
        whole = torch.tensor([[*reply.prompt_token_ids, *reply.token_ids]])
        with torch.inference_mode():
            chances = model(whole).logits[0, len(reply.prompt_token_ids) - 1 : -1].log_softmax(dim=-1)
        expected = chances.gather(1, torch.tensor(reply.token_ids).unsqueeze(1)).squeeze(1).tolist()
        assert reply.logprobs == pytest.approx(expected, abs=1e-3)


async def test_the_prompt_has_one_bos_and_the_reply_none_of_the_prompt(load: Load, tiny_llama: Path) -> None:
    from transformers import AutoTokenizer

    backend = await load()
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": "hello"}], add_generation_prompt=True, return_dict=False
    )
    found = await backend.generate(user("hello"), GREEDY, tag=TAG)
    assert ids.count(tokenizer.bos_token_id) == 1
    assert found.prompt_tokens == len(ids)
    assert found.completion_tokens == 24
    assert found.finish_reason == "length"
    assert "hello" not in found.text


@pytest.mark.parametrize("prompt_format", ["template", "llama3", "llama2", "completion"])
async def test_each_prompt_format_begins_with_one_bos(load: Load, tiny_llama: Path, prompt_format: str) -> None:
    from webarena_runner.models.transformers.options import TransformersOptions
    from webarena_runner.models.transformers.prompt import Prompts

    tokenizer = tokenizer_of(tiny_llama)
    made = Prompts(
        tokenizer, None, TransformersOptions.model_validate({"prompt_format": prompt_format}), subject="tiny"
    )
    ids, _, _ = made.ids_of(user("hello"))
    # The tokenizer of this model does not know Llama 2's <s>, which is then a text of its own.
    assert ids.count(tokenizer.bos_token_id) == (prompt_format != "llama2")


async def test_the_templates_and_our_llama3_prompt_are_the_same_tokens(load: Load) -> None:
    theirs, ours = await load(), await load(prompt_format="llama3")
    messages = [Message(role="system", content="You click."), *user("hello")]
    assert (await theirs.generate(messages, GREEDY, tag=TAG)).text == (
        await ours.generate(messages, GREEDY, tag=TAG)
    ).text


async def test_a_stop_text_ends_the_reply_and_is_not_part_of_it(load: Load) -> None:
    backend = await load()
    whole = (await backend.generate(user("hello"), GREEDY, tag=TAG)).text
    stop = whole[5:8]
    stopped, other = await asyncio.gather(
        backend.generate(user("hello"), GREEDY.model_copy(update={"stop": (stop, "nowhere")}), tag=TAG),
        backend.generate(user("hello"), GREEDY, tag=TAG),
    )
    assert stopped.text == whole[: whole.index(stop)]
    assert stopped.finish_reason == "stop"
    assert stopped.completion_tokens < 24
    assert other.text == whole


async def test_the_end_of_turn_ends_the_reply_even_where_the_checkpoint_does_not_say_so(
    load: Load, tiny_llama: Path, tmp_path: Path
) -> None:
    tokenizer = tokenizer_of(tiny_llama)
    end, turn_end = (tokenizer.convert_tokens_to_ids(text) for text in ("<|end_of_text|>", "<|eot_id|>"))
    folder = edited(tiny_llama, tmp_path / "copy", "generation_config.json", eos_token_id=end)
    backend = await load(folder, generate_options={"sequence_bias": [[[turn_end], 1000.0]]})
    found = await backend.generate(user("hello"), GREEDY, tag=TAG)
    assert (found.text, found.completion_tokens, found.finish_reason) == ("", 1, "stop")


async def test_a_stop_text_that_is_a_special_token_ends_the_reply(load: Load, tiny_llama: Path) -> None:
    header = tokenizer_of(tiny_llama).convert_tokens_to_ids("<|start_header_id|>")
    backend = await load(generate_options={"sequence_bias": [[[header], 1000.0]]})
    sampling = GREEDY.model_copy(update={"stop": ("<|start_header_id|>",)})
    found = await backend.generate(user("hello"), sampling, tag=TAG)
    assert (found.text, found.completion_tokens, found.finish_reason) == ("", 1, "stop")


async def test_a_seed_means_the_same_alone_and_in_a_batch(load: Load) -> None:
    backend = await load()
    sampling = Sampling(temperature=1.0, top_p=0.9, max_tokens=24, seed=3)
    alone = await one_by_one(backend, prompts(), sampling)
    batch = await at_once(backend, prompts(), sampling)
    assert [each.text for each in batch] == [each.text for each in alone]
    other = await backend.generate(prompts()[0], sampling.model_copy(update={"seed": 4}), tag=TAG)
    assert other.text != alone[0].text


async def test_requests_with_different_sampling_share_a_batch_and_keep_their_own(load: Load) -> None:
    backend = await load()
    greedy = await backend.generate(user("hello"), GREEDY, tag=TAG)
    hot = Sampling(temperature=1.5, max_tokens=24)
    nearly_greedy = Sampling(temperature=1.0, top_p=1e-6, max_tokens=24)
    batch = await asyncio.gather(
        *(backend.generate(user("hello"), each, tag=TAG) for each in (hot, GREEDY, nearly_greedy, hot))
    )
    assert batch[1].text == greedy.text == batch[2].text
    assert len({batch[0].text, batch[3].text, greedy.text}) == 3


async def test_samplers_of_generate_options_apply_to_sampled_requests_only(load: Load) -> None:
    backend = await load(generate_options={"top_k": 1})
    greedy, sampled = await asyncio.gather(
        backend.generate(user("hello"), GREEDY, tag=TAG),
        backend.generate(user("hello"), Sampling(temperature=1.0, max_tokens=24), tag=TAG),
    )
    assert sampled.text == greedy.text


async def test_without_a_temperature_the_checkpoints_own_setting_holds(
    load: Load, tiny_llama: Path, tmp_path: Path
) -> None:
    sampling = Sampling(max_tokens=24)
    backend = await load()
    assert (await backend.generate(user("hello"), sampling, tag=TAG)).text == (
        await backend.generate(user("hello"), GREEDY, tag=TAG)
    ).text
    folder = edited(tiny_llama, tmp_path / "copy", "generation_config.json", do_sample=True, temperature=1.5)
    sampling_one = await load(folder)
    replies = await one_by_one(sampling_one, [user("hello")] * 2, sampling)
    assert replies[0].text != replies[1].text


async def test_a_short_reply_does_not_wait_for_the_long_ones_of_its_batch(load: Load) -> None:
    backend = await load()
    long = asyncio.create_task(backend.generate(user("long"), Sampling(temperature=0, max_tokens=2000), tag=TAG))
    short = await backend.generate(user("short"), GREEDY, tag=TAG)
    assert short.completion_tokens == 24
    assert not long.done()
    long.cancel()


async def test_a_cancelled_request_stops_being_generated(load: Load) -> None:
    backend = await load(max_batch_size=1)
    running = asyncio.create_task(backend.generate(user("a"), Sampling(temperature=0, max_tokens=8000), tag=TAG))
    waiting = asyncio.create_task(backend.generate(user("b"), GREEDY, tag=TAG))
    done, _ = await asyncio.wait((running, waiting), timeout=1)
    assert not done
    running.cancel()
    async with asyncio.timeout(LIMIT_S):
        assert (await waiting).completion_tokens == 24
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_closing_ends_what_is_generated_as_a_model_error(load: Load) -> None:
    backend = await load()
    running = asyncio.create_task(backend.generate(user("a"), Sampling(temperature=0, max_tokens=8000), tag=TAG))
    done, _ = await asyncio.wait((running,), timeout=1)
    assert not done
    async with asyncio.timeout(LIMIT_S):
        await backend.aclose()
        with pytest.raises(ModelError, match="was closed before it answered"):
            await running
    with pytest.raises(ModelError, match="was closed before it answered"):
        await backend.generate(user("too late"), GREEDY, tag=TAG)


async def test_a_batch_that_runs_out_of_memory_on_the_way_goes_on_in_halves(tiny_llama: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from webarena_runner.models.transformers.generate import Generator

    model = AutoModelForCausalLM.from_pretrained(tiny_llama, dtype=torch.float32)
    tokenizer = tokenizer_of(tiny_llama)
    sizes: list[int] = []

    def at_most_two_rows(_: Any, __: Any, given: dict[str, Any]) -> None:
        sizes.append(given["input_ids"].shape[0])
        if sizes[-1] > 2 and len(sizes) > 5:
            raise torch.OutOfMemoryError("tried to allocate 2 GiB")

    model.register_forward_pre_hook(at_most_two_rows, with_kwargs=True)
    generator = Generator(model, tokenizer, subject="model 'tiny'", options={})
    batcher = Batcher(generator.run, subject="model 'tiny'", max_batch_size=4, wait_s=1)
    requests = [Request(ids=tokenizer(f"item {number}")["input_ids"], max_new_tokens=12) for number in range(4)]
    for request in requests:
        batcher.submit(request)
    replies = [await asyncio.wait_for(asyncio.wrap_future(request.reply), LIMIT_S) for request in requests]
    batcher.close()
    alone = [Request(ids=request.ids, max_new_tokens=12) for request in requests]
    for request in alone:
        generator.run([request])
    assert [each.text for each in replies] == [each.reply.result().text for each in alone]
    assert sizes[:6] == [4] * 6
    assert max(sizes[6:]) == 2


async def test_the_window_is_the_smaller_of_the_checkpoints_and_the_model_files(load: Load) -> None:
    assert (await load()).context_window == CONTEXT
    assert (await load(context_window=512)).context_window == 512
    assert (await load(context_window=CONTEXT * 2)).context_window == CONTEXT


async def test_a_prompt_that_leaves_no_room_for_the_reply_is_told_at_once(load: Load) -> None:
    backend = await load(context_window=64)
    with pytest.raises(PromptTooLong, match=r"tokens and 24 for the reply are more than the context window of 64"):
        await backend.generate(user("hello 12 " * 50), GREEDY, tag=TAG)


async def test_tokens_are_counted_and_cut_by_the_models_tokenizer(load: Load, tiny_llama: Path) -> None:
    backend, tokenizer = await load(), tokenizer_of(tiny_llama)
    page = "[1] RootWebArea 'Kettles é' focused: True\n\t[41] link 'My Account'\n" * 50
    ids = tokenizer.encode(page, add_special_tokens=False)
    counts = await asyncio.gather(*(backend.count_tokens(page) for _ in range(8)))
    assert set(counts) == {len(ids)}
    assert await backend.truncate(page, 100) == tokenizer.decode(ids[:100])


async def test_an_image_for_a_model_that_does_not_see_is_refused(load: Load) -> None:
    backend = await load()
    with pytest.raises(ModelRefused, match="the model does not see"):
        await backend.generate([Message(role="user", content="a", images=(b"png",))], GREEDY, tag=TAG)


async def test_a_base_model_without_chat_template_needs_a_prompt_format(
    load: Load, tiny_llama: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_llama, tmp_path / "base", ignore=shutil.ignore_patterns("chat_template*"))
    with pytest.raises(ConfigError, match="no chat template; set the option prompt_format: completion"):
        await load(folder)
    backend = await load(folder, prompt_format="completion")
    assert (await backend.generate(user("hello"), GREEDY, tag=TAG)).completion_tokens == 24


async def test_flash_attention_that_is_not_there_is_told_before_loading(load: Load) -> None:
    with pytest.raises(ConfigError, match="flash_attention_2 needs a GPU.*flash-attn.*attn_fallback: sdpa"):
        await load(attn_implementation="flash_attention_2")


async def test_a_fallback_for_flash_attention_is_told_with_the_first_reply(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    backend = await load(attn_implementation="flash_attention_2", attn_fallback="sdpa")
    caplog.clear()
    with caplog.at_level(logging.INFO, "webarena_runner"):
        await one_by_one(backend, [user("hello")] * 2, GREEDY)
    assert caplog.messages == [
        "model 'tiny': LlamaForCausalLM, float32 on cpu, attention sdpa "
        "(asked for flash_attention_2, which is not available)"
    ]


@pytest.mark.parametrize("method", ["gptq", "awq"])
async def test_quantised_weights_without_the_package_that_reads_them_are_told_with_the_extra(
    load: Load, tiny_llama: Path, tmp_path: Path, method: str
) -> None:
    if find_spec("gptqmodel"):
        pytest.skip("gptqmodel is installed here")
    quantisation = {"quant_method": method, "bits": 4, "group_size": 32}
    folder = edited(tiny_llama, tmp_path / method, "config.json", quantization_config=quantisation)
    with pytest.raises(ConfigError, match=rf"quantised with {method}.*gptqmodel; run: .*pip install .*gptq"):
        await load(folder)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"load_options": {"low_cpu_memory": True}}, "load_options: unknown key 'low_cpu_memory'"),
        ({"generate_options": {"repetition_penalti": 1.1}}, "did you mean repetition_penalty"),
        ({"generate_options": {"max_new_tokens": 5}}, "'max_new_tokens' is set by the run's sampling"),
        ({"generate_options": {"cache_implementation": "none such"}}, "generate_options: .*cache_implementation"),
    ],
)
async def test_an_unknown_option_of_the_library_is_told(load: Load, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        await load(**options)


async def test_a_generate_option_changes_the_reply(load: Load) -> None:
    plain, penalised = await load(), await load(generate_options={"repetition_penalty": 5.0})
    assert (await plain.generate(user("hello"), GREEDY, tag=TAG)).text != (
        await penalised.generate(user("hello"), GREEDY, tag=TAG)
    ).text


async def test_samplers_of_the_checkpoint_are_left_out_unless_they_are_asked_for(
    load: Load, tiny_llama: Path, tmp_path: Path
) -> None:
    folder = edited(tiny_llama, tmp_path / "copy", "generation_config.json", repetition_penalty=5.0, top_k=1)
    plain, own, penalised = (
        await load(),
        await load(folder),
        await load(folder, sampler_defaults="checkpoint"),
    )
    greedy = [(await each.generate(user("hello"), GREEDY, tag=TAG)).text for each in (plain, own, penalised)]
    assert greedy[0] == greedy[1] != greedy[2]
    hot = Sampling(temperature=1.5, max_tokens=24)
    assert len({(await own.generate(user("hello"), hot, tag=TAG)).text for _ in range(3)}) > 1
    assert {(await penalised.generate(user("hello"), hot, tag=TAG)).text for _ in range(3)} == {greedy[2]}


async def test_a_checkpoint_that_is_not_there_is_told(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be loaded with Transformers.*expected a folder with a checkpoint"):
        await load(tmp_path / "nothing")


def tokenizer_of(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)
