"""Keeps keys and passwords out of the run folder: they are refused where settings come in, by name and by value."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from webarena_runner.errors import ConfigError
from webarena_runner.settings.yaml import dotted

# Of names in snake case; `eos_token`, `cache_key` and their like are no secrets.
_SECRET_NAME = re.compile(
    r"(^|_)(api_?key|password|passwd|pwd|passphrase|secret|authorization|credentials?|cookie|client_secret"
    r"|(access|secret|private|auth|account|subscription|service|license|encryption|signing|shared|functions)_?key"
    r"|(access|api|auth|bearer|hf|hub|id|personal|refresh|secret|security|session|user|github|gitlab|wandb)_?token)$"
    r"|^(key|token|sig|signature)$"
)
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Of those who hand out keys; at least as long as theirs are.
_KNOWN_FORMS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|rk|csk)-[A-Za-z0-9_-]{8,}|[sr]k_(?:live|test)_[A-Za-z0-9]{8,}|hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}"
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|gl[a-z]{2,5}-[A-Za-z0-9_-]{16,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}"
    r"|(?:gsk|tgp_v1|fw|r8|esecret|npm|dckr_pat)_[A-Za-z0-9_-]{16,}|(?:xai|nvapi|pplx|pypi)-[A-Za-z0-9_-]{16,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|^(?i:bearer|basic|token)\s+(?=\S*[0-9])\S{8,}$"
)
# `?name=value` of an address, `NAME=value` and `--name value` of a command; the value is no placeholder.
_NAMED = (
    re.compile(r"(?:[?&;#]|^|\s)([A-Za-z_][\w.-]*)=([^\s&;#]+)"),
    re.compile(r"--([A-Za-z][\w.-]*)(?:=|\s+)([^\s-]\S*)"),
)
_PLACEHOLDER = re.compile(r"[$<{].*|[A-Z_]+|\.\.\.")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
_RUN = re.compile(r"[A-Za-z0-9]{20,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{38,}={0,2}")
# Names that people give, and checksums, may look as if they were drawn by chance.
_NOT_DRAWN = re.compile(
    r"(^|_)(name|description|model|work|prompt|agent|executor|profile|executable|tokenizer|repo|path|folder|dir|file"
    r"|revision|commit|sha\d*|hash|digest|checksum|uuid|date)$"
)
_PATH_STARTS = ("/", "./", "../", "~")
_HEX, _HEX_CHARACTERS, _HEX_BITS = re.compile(r"[0-9a-f]+|[0-9A-F]+"), 32, 3.0
# Of drawn letters and digits, 62 % differ in kind from the one before; in names of models, 40 % at most.
_SHORTEST, _MIXED, _BITS = 20, 0.45, 3.5
_FROM_VARIABLES = re.compile(r"(?:Bearer |Basic )?(?:\$\{\w+\}|\{username\}|\{password\}|[:,; ])+")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*|[a-z_]+")


def refuse_secrets(values: Any, *, origins: Mapping[str, str], fallback: str, keys: tuple[str, ...] = ()) -> None:
    """Raises ConfigError for a value that looks like a secret: settings are written into the run folder."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            refuse_secrets(value, origins=origins, fallback=fallback, keys=(*keys, str(key)))
        return
    if isinstance(values, list | tuple):
        for index, value in enumerate(values):
            refuse_secrets(value, origins=origins, fallback=fallback, keys=(*keys, str(index)))
        return
    names = [_snake(key) for key in keys if not key.isdecimal()]
    where = f"{_origin(keys, origins, fallback)}: {dotted(keys)}"
    if any(name.endswith("_env") for name in names):
        if isinstance(values, str) and values and not _is_variable(values):
            raise ConfigError(
                f"{where}: expected the name of an environment variable, such as OPENAI_API_KEY, and not what it holds"
            )
    elif not ("headers" in names and _names_variables(values)) and _is_secret(names[-1] if names else "", values):
        raise ConfigError(
            f"{where} holds a secret, or looks like one, and settings are stored in the run folder; put it into an "
            f"environment variable and give the variable's name (as in `api_key_env: OPENAI_API_KEY`)"
        )


def looks_secret(text: str, *, drawn: bool = True) -> bool:
    """Whether a text is, or has in it, what is given out as a key; `drawn`: or what chance seems to have made."""
    if _KNOWN_FORMS.search(text) or any(_address_holds_secret(found.group()) for found in _ADDRESS.finditer(text)):
        return True
    named = (found for pattern in _NAMED for found in pattern.findall(text))
    if any(_is_secret_name(_snake(name)) and not _PLACEHOLDER.fullmatch(value) for name, value in named):
        return True
    if not drawn or text.startswith(_PATH_STARTS):
        return False
    # Of an address only what follows the path can be a key.
    rest = _ADDRESS.sub(lambda found: found.group().partition("?")[2], text)
    return any(_is_drawn(run) for pattern in (_RUN, _BASE64) for run in pattern.findall(rest))


def _is_secret(name: str, value: Any) -> bool:
    if _is_secret_name(name):
        return bool(value) and isinstance(value, str | int) and not isinstance(value, bool)
    return isinstance(value, str) and looks_secret(value, drawn=not _NOT_DRAWN.search(name))


def _is_secret_name(name: str) -> bool:
    return bool(_SECRET_NAME.search(name))


def _names_variables(value: Any) -> bool:
    """A header that is made from variables, such as `Bearer ${TOKEN}`, or from an account that they hold."""
    return isinstance(value, str) and bool(_FROM_VARIABLES.fullmatch(value))


def _is_variable(text: str) -> bool:
    return bool(_VARIABLE.fullmatch(text)) and not looks_secret(text)


def _snake(name: str) -> str:
    """`x-apiKey` as x_api_key."""
    return re.sub(r"[-.\s]+", "_", _WORD_START.sub("_", name)).lower()


def _address_holds_secret(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.password is not None or _is_drawn(parts.username or "")
    except ValueError:
        return False


def _is_drawn(run: str) -> bool:
    """Letters and digits in an order that no name has."""
    if _HEX.fullmatch(run) and not run.isdecimal():
        return len(run) >= _HEX_CHARACTERS and _bits(run) >= _HEX_BITS
    mixed = sum(_kind(first) != _kind(second) for first, second in pairwise(run))
    return len(run) >= _SHORTEST and mixed >= _MIXED * (len(run) - 1) and _bits(run) >= _BITS


def _kind(character: str) -> str:
    if character.isdecimal():
        return "digit"
    return "upper" if character.isupper() else "lower" if character.islower() else "other"


def _bits(text: str) -> float:
    """Shannon entropy of a character, in bits."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _origin(keys: tuple[str, ...], origins: Mapping[str, str], fallback: str) -> str:
    """Of the key, or of what it is in: of the items of a list only the list has one."""
    found = (dotted(keys[:length]) for length in range(len(keys), 0, -1))
    return next((origins[name] for name in found if name in origins), fallback)
