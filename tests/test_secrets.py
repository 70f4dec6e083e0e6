"""Keys and passwords are refused wherever settings come in, by name and by value; what is none is taken."""

import random
import string
from pathlib import Path

import pytest
import yaml

from webarena_runner.errors import ConfigError
from webarena_runner.settings import datafiles
from webarena_runner.settings.loading import CliOptions, Given, load_model_spec, load_run_config
from webarena_runner.settings.secrets import looks_secret, refuse_secrets

# Made up, in the form of the real ones.
OPENAI = "sk-proj-Zm9vYmFy0123456789abcdefABCDEF"
HUB = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567"
AZURE = "3f9a1c7be2d84f60a5b19c0d7e83f421"
OPAQUE = "q8Zt2Lw9Xv4Rb7Ny1Kd6Ms3PhT5uJc0F"
AWS = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYz3kQ1v9L2e"


def refusal(values: object) -> str:
    with pytest.raises(ConfigError) as caught:
        refuse_secrets(values, origins={}, fallback="here")
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"api_key": "x"}, "api_key"),
        ({"apiKey": "x"}, "apiKey"),
        ({"headers": {"X-API-Key": "x"}}, "headers.X-API-Key"),
        ({"headers": {"Ocp-Apim-Subscription-Key": "x"}}, "headers.Ocp-Apim-Subscription-Key"),
        ({"headers": {"Authorization": "Bearer x"}}, "headers.Authorization"),
        ({"headers": {"Cookie": "session=1"}}, "headers.Cookie"),
        ({"environment": {"OPENAI_API_KEY": "x"}}, "environment.OPENAI_API_KEY"),
        ({"client-secret": "x"}, "client-secret"),
        ({"password": 12345}, "password"),
        ({"password": ["x"]}, "password.0"),
        ({"query": {"key": "x"}}, "query.key"),
        ({"extra_body": {"user": OPENAI}}, "extra_body.user"),
        ({"extra_body": {"list": ["a", {"deep": [HUB]}]}}, "extra_body.list.1.deep.0"),
        ({"extra_body": {"tenant": AZURE}}, "extra_body.tenant"),
        ({"extra_body": {"tenant": OPAQUE}}, "extra_body.tenant"),
        ({"extra_body": {"tenant": AWS}}, "extra_body.tenant"),
        ({"x": "ghp_AbCdEfGhIjKlMnOpQrSt0123456789abcdef"}, "x"),
        ({"x": "AKIAIOSFODNN7EXAMPLE"}, "x"),
        ({"x": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2ln"}, "x"),
        ({"x": "-----BEGIN RSA PRIVATE KEY-----"}, "x"),
        ({"x": "Bearer abc12345"}, "x"),
        ({"base_url": "http://me:pw@host/v1"}, "base_url"),
        ({"base_url": f"https://{OPAQUE}@host/v1"}, "base_url"),
        ({"base_url": "https://host/v1?key=abc"}, "base_url"),
        ({"base_url": "https://host/v1?api-version=1&api-key=abc"}, "base_url"),
        ({"base_url": f"https://host/v1?u={OPAQUE}"}, "base_url"),
        ({"base_url": "https://host/#access_token=abc"}, "base_url"),
        ({"base_url": "host:8000/v1?token=abc"}, "base_url"),
        ({"urls": ["http://a", "http://b?sig=abc"]}, "urls.1"),
        ({"exporters": ["table=postgres://me:pw@host/db"]}, "exporters.0"),
        ({"start_command": "OPENAI_API_KEY=abc vllm serve"}, "start_command"),
        ({"start_command": "vllm serve --api-key abc"}, "start_command"),
        ({"description": f"with {OPENAI}"}, "description"),
    ],
)
def test_a_secret_is_refused_by_name_or_value_and_not_shown(values: object, key: str) -> None:
    message = refusal(values)
    assert message.startswith(f"here: {key} holds a secret")
    for secret in (OPENAI, HUB, AZURE, OPAQUE, AWS, "abc", "pw"):
        assert secret not in message.replace("api_key_env", "")


@pytest.mark.parametrize(
    "values", [{"api_key_env": value} for value in (OPENAI, HUB, AZURE, OPAQUE, "hunter2", "my key", "$OPENAI_API_KEY")]
)
def test_a_key_in_place_of_a_variables_name_is_not_shown(values: dict[str, str]) -> None:
    message = refusal(values)
    assert message.startswith("here: api_key_env: expected the name of an environment variable, such as OPENAI_API_KEY")
    assert values["api_key_env"] not in message.replace("such as OPENAI_API_KEY", "")


@pytest.mark.parametrize(
    "values",
    [
        {"api_key_env": "OPENAI_API_KEY", "password_env": "lab_password", "username_env": "LAB_USER_2"},
        {"headers_env": {"Authorization": "MY_HEADER", "X-API-Key": "MY_KEY"}},
        {
            "eos_token": "</s>",
            "max_tokens": 384,
            "stop": ["\n\n"],
            "cache_key": "a",
            "monkey": "x",
            "pad_token": "<pad>",
        },
        {"model": "meta-llama/Meta-Llama-3-8B-Instruct", "name": "NousHermes2Mixtral8x7BDPO"},
        {"model": "accounts/fireworks/models/llama-v3p1-405b-instruct"},
        {"x": "NousHermes2Mixtral8x7BDPO", "y": "OpenHermes2Point5Mistral7B"},
        {"revision": "5f0b02c75b57c5855da9ae460ce51323ea669d8a"},
        {"tokenizer": "/models/models--x/snapshots/5f0b02c75b57c5855da9ae460ce51323ea669d8a/tokenizer.json"},
        {"download_dir": "~/models/5f0b02c75b57c5855da9ae460ce51323ea669d8a"},
        {"id": "123e4567-e89b-12d3-a456-426614174000", "date": "2024-08-01-preview", "n": 12345678901234567890123},
        {"query": {"api-version": "2024-08-01-preview"}},
        {"base_url": "https://my-resource-name.openai.azure.com/openai/deployments/gpt-4o?api-version=2024-08-01"},
        {"work": "https://docs.google.com/spreadsheets/d/1M801lEpBbKSNwP-vDBkC_pF7LdyGU1f_ufZb_NWNBZQ/edit"},
        {"start_command": "OPENAI_API_KEY=$KEY llama-server --api-key $KEY --model m.gguf --ctx-size 8192"},
        {"description": "needs an API key; basic instruction-following, token limit 4096"},
        {"more_urls": ["http://localhost:7770/index.php/rest/V1?store=1"]},
        {"key": "", "token": None, "password": False},
    ],
)
def test_what_is_no_secret_is_taken(values: object) -> None:
    refuse_secrets(values, origins={}, fallback="here")


def test_most_keys_that_chance_makes_are_seen() -> None:
    draw = random.Random(7)
    keys = ["".join(draw.choices(string.ascii_letters + string.digits, k=40)) for _ in range(500)]
    assert sum(map(looks_secret, keys)) > 0.97 * len(keys)


def test_nothing_in_the_shipped_files_looks_like_a_secret() -> None:
    found = [
        path
        for kind in ("models", "profiles", "sites")
        for name in datafiles.names(kind)
        for path in [datafiles.find(kind, name)]
    ]
    assert len(found) > 10
    for path in found:
        refuse_secrets(yaml.safe_load(path.read_text()), origins={}, fallback=str(path))


@pytest.mark.parametrize(
    "assignment",
    [
        f"model.options.extra_body.user={OPENAI}",
        f"model.options.extra_body.tags=[a, {HUB}]",
        "model.options.base_url=http://host/v1?key=abc",
        f'model.options.headers={{"X-Tenant": "{OPAQUE}"}}',
        f"exporters=[leaderboard=https://host?token={OPAQUE}]",
        f"model.options.api_key_env={OPENAI}",
        f"sampling.temperature={OPENAI}",
        OPENAI,
    ],
)
def test_no_option_brings_a_secret_into_a_run_or_a_message(assignment: str) -> None:
    options = CliOptions(model="openai-compatible", assignments=(assignment,))
    with pytest.raises(ConfigError) as caught:
        load_run_config(options, {})
    assert str(caught.value).startswith("-o")
    for secret in (OPENAI, HUB, OPAQUE, "=abc"):
        assert secret not in str(caught.value)


def test_a_model_file_with_a_key_is_refused_before_its_faults_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"backend: openai_chat\nsampling: {{temperature: {OPENAI}}}\n")
    with pytest.raises(ConfigError) as caught:
        load_model_spec(str(path))
    assert OPENAI not in str(caught.value)
    assert "sampling.temperature holds a secret" in str(caught.value)


def test_a_key_in_place_of_an_options_value_is_not_shown() -> None:
    options = CliOptions(model="openai-compatible", given=(Given("prompt", OPENAI, "--prompt"),))
    with pytest.raises(ConfigError, match="^--prompt: prompt holds a secret"):
        load_run_config(options, {})
