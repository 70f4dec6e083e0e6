"""Counting and cutting text in tokens."""

import re
from pathlib import Path

import pytest
import tiktoken
from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
from tokenizers.models import BPE

from tests.models.conftest import Connect
from tests.models.fake_openai import Reply, Server, error
from webarena_runner.errors import ConfigError, ModelError
from webarena_runner.models.gemini.tokens import WordEstimate
from webarena_runner.models.shared.tokens import Estimate, LocalTokens, local_tokens, tiktoken_codec

PAGE = "Tab 0 (current): Books\n\n[1] RootWebArea 'Bücher <|eot_id|> 📚' focused: True\n\t[27] link 'My Account'"


@pytest.fixture(scope="session")
def tokenizer_json(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level tokenizer as Llama-3 has it, with a begin token that it adds by itself."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|begin_of_text|>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([PAGE] * 3, trainer)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.mark.parametrize("max_tokens", [0, 1, 7, 30, 10_000])
async def test_a_local_tokenizer_cuts_as_official_does(tokenizer_json: Path, max_tokens: int) -> None:
    tokens = local_tokens(str(tokenizer_json.parent))
    reference = Tokenizer.from_file(str(tokenizer_json))
    ids = reference.encode(PAGE, add_special_tokens=False).ids
    assert await tokens.count(PAGE) == len(ids)
    assert await tokens.head(PAGE, max_tokens) == reference.decode(ids[:max_tokens], skip_special_tokens=False)


async def test_a_text_that_fits_is_unchanged_by_a_local_tokenizer(tokenizer_json: Path) -> None:
    assert await local_tokens(str(tokenizer_json)).head(PAGE, 10_000) == PAGE


async def test_tiktoken_takes_the_text_of_a_special_token_for_text() -> None:
    ranks = {bytes([byte]): byte for byte in range(256)}
    encoding = tiktoken.Encoding("bytes", pat_str=r".|\n", mergeable_ranks=ranks, special_tokens={"<|eot_id|>": 256})
    tokens = LocalTokens(lambda: tiktoken_codec(encoding))
    assert await tokens.count(PAGE) == len(PAGE.encode())
    assert await tokens.head(PAGE, 12) == PAGE[:12]
    assert await tokens.head("aü", 2) == "a\ufffd"


async def test_an_estimate_is_three_characters_a_token() -> None:
    tokens = Estimate()
    assert await tokens.count("abcdefg") == 3
    assert await tokens.head("abcdefg", 2) == "abcdef"
    assert tokens.is_estimate


SENTENCE = "the list goes on below or on the next page " * 6


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (SENTENCE, 100),
        ("http://onestopmarket.com/garden/tools.html", 14),
        ("[27] link 'My Account'", 8),
        ("庭の道具", 2),
    ],
)
async def test_geminis_estimate_is_by_words_or_characters_whichever_are_more_tokens(text: str, tokens: int) -> None:
    assert await WordEstimate().count(text) == tokens


@pytest.mark.parametrize("text", [SENTENCE, PAGE, "x" * 99, "a b c d e f"])
@pytest.mark.parametrize("max_tokens", [0, 1, 7, 30, 100, 10_000])
async def test_what_geminis_estimate_cuts_is_the_longest_head_that_fits(text: str, max_tokens: int) -> None:
    tokens = WordEstimate()
    head = await tokens.head(text, max_tokens)
    assert text.startswith(head)
    assert await tokens.count(head) <= max_tokens
    assert head == text or await tokens.count(text[: len(head) + 1]) > max_tokens


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tiktoken:no_such", "expected one of"),
        ("no/such/tokenizer.json", "no such file"),
        ("tiktoken:", "no such file"),
    ],
)
async def test_a_tokenizer_that_is_not_there_is_told(name: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        await local_tokens(name).count("x")
    assert name.rstrip(":") in str(caught.value)


async def test_a_file_that_is_no_tokenizer_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ConfigError, match="not a tokenizer.json"):
        await local_tokens(str(tmp_path)).count("x")


def speak_vllm(server: Server) -> None:
    """Routes as vLLM has them; a word or a separator is a token."""
    words: list[str] = []

    def tokenize(body: dict[str, object]) -> Reply:
        assert body["add_special_tokens"] is False
        if body["model"] != "tiny":
            return error(404, "The model does not exist.")
        parts = [part for part in re.split(r"(\W)", str(body["prompt"])) if part]
        words.extend(part for part in parts if part not in words)
        ids = [words.index(part) for part in parts]
        return Reply(200, {"count": len(ids), "max_model_len": 8192, "tokens": ids})

    def detokenize(body: dict[str, object]) -> Reply:
        ids = body["tokens"]
        assert isinstance(ids, list)
        return Reply(200, {"prompt": "".join(words[number] for number in ids)})

    server.routes |= {"/tokenize": tokenize, "/detokenize": detokenize}


async def test_a_vllm_server_counts_and_cuts(server: Server, connect: Connect) -> None:
    speak_vllm(server)
    backend = connect(tokenizer="server")
    await backend.check()
    assert not backend.estimates_tokens
    assert await backend.count_tokens("one two three") == 5
    assert await backend.truncate("one two three", 3) == "one two"
    assert await backend.truncate("one two three", 5) == "one two three"
    assert await backend.count_tokens("") == 0


async def test_a_llama_cpp_server_counts_and_cuts(server: Server, connect: Connect) -> None:
    server.routes["/tokenize"] = lambda body: Reply(200, {"tokens": [ord(letter) for letter in body["content"]]})
    server.routes["/detokenize"] = lambda body: Reply(200, {"content": "".join(map(chr, body["tokens"]))})
    backend = connect(tokenizer="llama.cpp")
    await backend.check()
    assert await backend.count_tokens("abcd") == 4
    assert await backend.truncate("abcd", 3) == "abc"


@pytest.mark.parametrize("reply", [Reply(404, {"detail": "Not Found"}), Reply(200, {"tokens": []}), Reply(200, "[]")])
async def test_a_server_without_a_tokenizer_route_is_estimated_for(
    server: Server, connect: Connect, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    server.routes["/tokenize"] = lambda _: reply
    backend = connect(tokenizer="server")
    await backend.check()
    assert backend.estimates_tokens
    assert await backend.count_tokens("abcdef") == 2
    assert "tokens will be estimated" in caplog.text


async def test_a_detokenize_route_that_fails_is_a_model_error(server: Server, connect: Connect) -> None:
    speak_vllm(server)
    server.routes["/detokenize"] = lambda _: Reply(200, {"text": "x"})
    with pytest.raises(ModelError, match="/detokenize"):
        await connect(tokenizer="server").truncate("one two three", 2)


async def test_the_check_loads_a_local_tokenizer(connect: Connect) -> None:
    with pytest.raises(ConfigError, match="tokenizer"):
        await connect(tokenizer="no/such/file.json").check()
