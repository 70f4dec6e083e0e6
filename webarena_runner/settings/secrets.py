"""Keeps keys and passwords out of the run folder: they are refused where settings come in."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from webarena_runner.errors import ConfigError
from webarena_runner.settings.yaml import dotted

# `eos_token` and its like are no secrets.
_SECRET_KEY = re.compile(
    r"(^|_)(api_?key|password|passwd|secret|authorization|(access|api|auth|bearer|hf)_token)$|^(key|token)$",
    re.IGNORECASE,
)


def refuse_secrets(values: Any, *, origins: Mapping[str, str], fallback: str, keys: tuple[str, ...] = ()) -> None:
    """Raises ConfigError for a value that looks like a secret: settings are written into the run folder."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            refuse_secrets(value, origins=origins, fallback=fallback, keys=(*keys, str(key)))
    elif _is_secret(keys[-1] if keys else "", values):
        name = dotted(keys)
        raise ConfigError(
            f"{origins.get(name, fallback)}: {name} holds a secret, and settings are stored in the run folder; "
            f"put it into an environment variable and give the variable's name (as in `api_key_env: OPENAI_API_KEY`)"
        )


def _is_secret(key: str, value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    return bool(_SECRET_KEY.search(key)) or ("://" in value and _has_password(value))


def _has_password(url: str) -> bool:
    try:
        return urlsplit(url).password is not None
    except ValueError:
        return False
