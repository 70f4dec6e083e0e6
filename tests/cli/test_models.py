"""`wa-run models list` and `wa-run models show`."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.support.third_party import install
from webarena_runner.settings import datafiles


def test_every_model_has_one_line_and_the_reason_why_it_cannot_run_a_number(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    table, _, reasons = invoke("models", "list").out.partition("\n\n")
    rows = {line.split()[0]: line.split() for line in table.splitlines()[1:]}
    assert set(rows) == {"oracle", *datafiles.names("models")}
    assert rows["oracle"][2] == "yes"
    number = rows["gpt-4o"][3]
    assert rows["gpt-4o"][1:3] == ["openai_chat", "no"]
    assert rows["gpt-4-turbo"][3] == number
    assert f"{number} the environment variable OPENAI_API_KEY with the API key is not set" in reasons.splitlines()
    listed = {each["name"]: each for each in json.loads(invoke("models", "list", "--json").out)}
    assert set(listed) == set(rows)
    assert (listed["oracle"]["runs_here"], listed["gpt-4o"]["runs_here"]) == (True, False)
    assert "OPENAI_API_KEY" in listed["gpt-4o"]["lacking"]


def test_a_model_that_can_run_is_shown_so(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    rows = [line.split() for line in invoke("models", "list").out.splitlines()]
    assert ["gpt-4o", "openai_chat", "yes", "GPT-4o"] in rows
    assert "# can run here" in invoke("models", "show", "gpt-4o").out


def shown(invoke: Invoke, name: str, *options: str) -> tuple[str, str]:
    """The file and the prompt below it."""
    done = invoke("models", "show", name, *options)
    assert done.code == 0, done
    file, _, prompt = done.out.partition("\n\n# A prompt about a sample page: ")
    return file, prompt


def test_a_chat_model_is_shown_with_its_messages(invoke: Invoke) -> None:
    file, prompt = shown(invoke, "gpt-4o")
    assert "gpt-4o.yaml" in file
    assert "backend: openai_chat" in file
    assert "input: 2.5" in file
    assert "--- system, name: example_user\nPage:\n" in prompt
    *_, last = prompt.split("--- ")
    assert last.startswith("user\nPage:\nTab 0 (current): Watering cans")
    assert "\n\t[38] link 'My Account'\n" in last
    assert "Last action: click [41] where [41] is link 'Watering cans'" in last


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("llama2-7b-chat-gptq", "text in the format llama2\n<s>[INST] <<SYS>>\n", "'Watering cans' [/INST]\n"),
        (
            "llava-llama3-xtuner",
            "text in the format llava-llama3\n<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nInstr",
            "is in view<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n\n",
        ),
        ("llama3-transformers", "turns, which the chat template", "'Watering cans'\n"),
        ("llama3-vllm", "turns, which the chat template", "'Watering cans'\n"),
        ("llama3-vllm-server", "messages of a request to the chat route\n--- system\n", "'Watering cans'\n"),
        ("llama3-tgi", "messages of a request to the chat route\n--- system\n", "'Watering cans'\n"),
        ("gemini-3.8-flash", "the system instruction and contents", "'Watering cans'\n"),
        ("replay", "no prompt", "\n"),
    ],
)
def test_the_prompt_is_in_the_form_that_the_backend_sends(invoke: Invoke, name: str, begins: str, ends: str) -> None:
    _, prompt = shown(invoke, name)
    assert prompt.startswith(begins)
    assert prompt.endswith(ends)


def test_gemini_1_0_has_its_instructions_as_a_turn_and_the_others_as_an_instruction(invoke: Invoke) -> None:
    assert "\n--- user\n" in shown(invoke, "gemini-1.0-pro")[1].partition("You operate a web browser")[0]
    assert "\n--- system instruction\n" in shown(invoke, "gemini-1.5-pro")[1].partition("You operate")[0]


def test_a_picture_is_shown_where_it_goes(invoke: Invoke, tmp_path: Path) -> None:
    for backend, options in {"gemini": "{}", "tgi": "{prompt_format: llama3}", "openai_chat": "{}"}.items():
        file = tmp_path / f"{backend}.yaml"
        file.write_text(f"backend: {backend}\nmodel: m\nimages: screenshot\noptions: {options}\n")
        _, prompt = shown(invoke, str(file))
        assert prompt.count("[picture]") == 1
        assert "Picture: a screenshot" in prompt


def test_another_prompt_can_be_shown(invoke: Invoke) -> None:
    assert "page.get_by_role" in shown(invoke, "gpt-4o", "--prompt", "cot_playwright")[1]


def test_an_option_that_the_backend_does_not_have_is_told(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("backend: tgi\noptions: {promt_format: llama3}\n")
    above, prompt = shown(invoke, str(file))
    assert "promt_format" in above
    assert prompt.startswith("none: ")


SOMEONES = """\
from webarena_runner.interfaces import Preview, ServeCommand
from webarena_runner.types import Completion

class Plain:
    context_window, estimates_tokens, observation_unit = None, True, "tokens"

    def __init__(self, spec, *, environ):
        self.model = spec.model

    @classmethod
    def availability(cls, spec, environ):
        return None

    async def check(self):
        pass

    async def generate(self, messages, sampling, *, tag):
        return Completion(text=f"{self.model} hears you")

    async def count_tokens(self, text):
        return len(text.split())

    async def truncate(self, text, max_tokens):
        return " ".join(text.split()[:max_tokens])

    async def aclose(self):
        pass

class Full(Plain):
    @classmethod
    def preview(cls, spec, messages):
        return Preview("shouted", messages[-1].content.upper())

    @classmethod
    def serve_command(cls, spec, *, how, port, environ, only_print):
        return ServeCommand(("someones-server", spec.model, str(port)), f"http://127.0.0.1:{port}", ())
"""


@pytest.fixture
def someones(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's two backends, known by their entry points alone, and a model file for each."""
    entries = "plain = someones_backends:Plain\nfull = someones_backends:Full\n"
    install(workdir, "someones_backends", SOMEONES, f"[webarena_runner.models]\n{entries}")
    for name in ("plain", "full"):
        (workdir / f"{name}.yaml").write_text(f"backend: {name}\nmodel: small\n")
    monkeypatch.syspath_prepend(str(workdir))
    monkeypatch.delitem(sys.modules, "someones_backends", raising=False)


@pytest.mark.usefixtures("someones")
def test_a_third_partys_backend_shows_its_own_prompt_and_starts_its_own_server(invoke: Invoke) -> None:
    _, prompt = shown(invoke, "full.yaml")
    assert prompt.startswith("shouted\n")
    assert "LAST ACTION: CLICK [41]" in prompt
    served = invoke("models", "serve", "full.yaml", "--port", "9000", "--print-command")
    assert served.out == "someones-server small 9000\n"


@pytest.mark.usefixtures("someones")
def test_a_backend_may_do_without_both(invoke: Invoke) -> None:
    assert shown(invoke, "plain.yaml")[1].startswith("none: backend plain does not show")
    assert "small hears you" in invoke("models", "check", "plain.yaml").out
    served = invoke("models", "serve", "plain.yaml", "--print-command")
    assert served.code == 2
    assert (
        "backend plain has no server that could be started here; those that have one: full, llama-cpp, tgi, "
        in served.err
    )
