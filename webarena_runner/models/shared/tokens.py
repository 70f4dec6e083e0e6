"""Counting and cutting text in tokens: by a tokenizer on this machine, or by an estimate."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from webarena_runner.errors import ConfigError
from webarena_runner.models.shared.control import control_among

if TYPE_CHECKING:
    import tiktoken
    import tokenizers

CHARACTERS_PER_TOKEN = 3


class Tokens(Protocol):
    """What a backend counts with; `is_estimate` is recorded where text was cut by it."""

    @property
    def is_estimate(self) -> bool: ...

    async def count(self, text: str) -> int: ...

    async def head(self, text: str, max_tokens: int) -> str: ...


class Estimate:
    """Three characters a token: prose has about four, accessibility trees with their ids and quotes fewer."""

    is_estimate = True

    async def count(self, text: str) -> int:
        return -(-len(text) // CHARACTERS_PER_TOKEN)

    async def head(self, text: str, max_tokens: int) -> str:
        return text[: max_tokens * CHARACTERS_PER_TOKEN]


@dataclass(frozen=True)
class Codec:
    """`control` are the texts that the tokenizer takes for control tokens."""

    encode: Callable[[str], Sequence[int]]
    decode: Callable[[list[int]], str]
    control: frozenset[str] = frozenset()


@dataclass
class LocalTokens:
    """A tokenizer loaded at first use; special tokens are neither added nor recognised in page text."""

    load: Callable[[], Codec]
    is_estimate = False
    _codec: Codec | None = field(default=None, init=False)

    async def count(self, text: str) -> int:
        codec = await self.ready()
        return len(await asyncio.to_thread(codec.encode, text))

    async def head(self, text: str, max_tokens: int) -> str:
        codec = await self.ready()
        ids = await asyncio.to_thread(codec.encode, text)
        return codec.decode(list(ids[:max_tokens]))

    async def ready(self) -> Codec:
        """Raises ConfigError when the tokenizer cannot be loaded."""
        if self._codec is None:
            self._codec = await asyncio.to_thread(self.load)
        return self._codec


def local_tokens(name: str) -> Estimate | LocalTokens:
    """`estimate`, `tiktoken:ENCODING`, `hf:REPOSITORY`, or the path of a `tokenizer.json` or the folder it is in."""
    kind, _, rest = name.partition(":")
    if name == "estimate":
        return Estimate()
    if kind == "tiktoken" and rest:
        return LocalTokens(lambda: _tiktoken(rest))
    if kind == "hf" and rest:
        return LocalTokens(lambda: _from_hub(rest))
    return LocalTokens(lambda: _from_path(Path(name).expanduser()))


def _tiktoken(encoding_name: str) -> Codec:
    import tiktoken

    try:
        encoding = tiktoken.get_encoding(encoding_name)
    except ValueError as error:
        known = ", ".join(tiktoken.list_encoding_names())
        raise ConfigError(f"tokenizer 'tiktoken:{encoding_name}': unknown encoding; expected one of {known}") from error
    except OSError as error:
        raise ConfigError(
            f"tokenizer 'tiktoken:{encoding_name}': its vocabulary is not on this machine and cannot be downloaded "
            f"({type(error).__name__}); set TIKTOKEN_CACHE_DIR to a folder that has it, or tokenizer: estimate"
        ) from error
    return tiktoken_codec(encoding)


def tiktoken_codec(encoding: "tiktoken.Encoding") -> Codec:
    # A page may contain the text of a special token, on which tiktoken raises unless it is asked not to look.
    return Codec(
        lambda text: encoding.encode(text, disallowed_special=()),
        encoding.decode,
        frozenset(encoding.special_tokens_set),
    )


def _from_hub(repository: str) -> Codec:
    from tokenizers import Tokenizer

    try:
        return _tokenizers_codec(Tokenizer.from_pretrained(repository))
    except Exception as error:  # noqa: BLE001  the library raises nothing narrower
        raise ConfigError(
            f"tokenizer 'hf:{repository}': cannot be loaded from the Hugging Face hub ({error}); log in with `hf auth "
            "login` if it is gated, give the path of a tokenizer.json, or tokenizer: estimate"
        ) from error


def _from_path(path: Path) -> Codec:
    from tokenizers import Tokenizer

    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise ConfigError(
            f"tokenizer '{path}': no such file; expected server, llama.cpp, estimate, tiktoken:ENCODING, "
            "hf:REPOSITORY, or the path of a tokenizer.json"
        )
    try:
        return _tokenizers_codec(Tokenizer.from_file(str(file)))
    except Exception as error:  # noqa: BLE001  the library raises nothing narrower
        raise ConfigError(f"tokenizer '{file}': not a tokenizer.json: {error}") from error


def _tokenizers_codec(tokenizer: "tokenizers.Tokenizer") -> Codec:
    return Codec(
        lambda text: tokenizer.encode(text, add_special_tokens=False).ids,
        lambda ids: tokenizer.decode(ids, skip_special_tokens=False),
        control_among(tokenizer.get_added_tokens_decoder().values()),
    )
