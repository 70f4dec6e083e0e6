"""Bad input: one clear message on stderr, exit code 2, and nothing written."""

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Invoke
from tests.cli.test_models_check import serving
from tests.models.fake_openai import Reply, Server, error

ORACLE = ("--model", "oracle", "--sites", "embedded")


def refused(done: Done, *told: str) -> None:
    """Exit code 2 with one message that says all of it, and no result."""
    assert done.code == 2, done
    assert done.err.count("error: ") == 1
    assert "Traceback" not in done.err
    assert [part for part in told if part not in done.err] == []
    assert done.out == ""


@pytest.fixture(autouse=True)
def nothing_is_written(workdir: Path) -> object:
    yield
    assert not (workdir / "results").exists()


def test_an_unknown_model(invoke: Invoke) -> None:
    refused(invoke("--model", "llama3-vlm"), "unknown model 'llama3-vlm'", "did you mean 'llama3-vllm'?")


def test_no_model(invoke: Invoke) -> None:
    refused(invoke("--tasks", "all"), "--model is missing", "wa-run models list")


def test_an_unknown_task(invoke: Invoke, own_tasks: Path) -> None:
    refused(invoke(*ORACLE, "--task-set", str(own_tasks), "--tasks", "7,99"), "no task 99")


def test_an_unknown_site(invoke: Invoke, own_tasks: Path) -> None:
    refused(invoke(*ORACLE, "--task-set", str(own_tasks), "--tasks", "site:redit"), "redit", "reddit")


def test_an_unknown_sites_file(invoke: Invoke) -> None:
    refused(invoke("--model", "oracle", "--sites", "lab"), "lab", "official-ports")


@pytest.mark.parametrize(
    ("option", "told"),
    [("--agent", "unknown agent plug-in 'none'"), ("--profile", "configs/profiles"), ("--prompt", "none")],
)
def test_an_unknown_name_of_anything_else(invoke: Invoke, own_tasks: Path, option: str, told: str) -> None:
    model = ("--model", "openai-compatible", "-o", "model.options.base_url=http://127.0.0.1:9/v1")
    refused(invoke(*model, "--sites", "embedded", "--task-set", str(own_tasks), option, "none"), told)


def test_two_task_sets(invoke: Invoke, own_tasks: Path) -> None:
    told = ("chooses from the set mini", "leave --task-set out")
    refused(invoke(*ORACLE, "--task-set", str(own_tasks), "--tasks", "smoke"), *told)
    refused(invoke("baseline", "--task-set", str(own_tasks)), "the default here", *told, "--tasks all")
    refused(invoke("tasks", "list", "--task-set", str(own_tasks), "--tasks", "smoke"), *told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--model", "oracle", "--tasks", "smoke", "--tasks", "mini"), "--tasks is given twice"),
        (("--model", "oracle", "-w", "1", "--workers", "2"), "--workers is given twice"),
        (("tasks", "list", "--tasks", "1", "-t", "2"), "--tasks is given twice"),
        (("observe", "about:blank", "--full", "--viewport-only"), "--viewport-only is given twice"),
        (("observe", "about:blank", "--mode", "html", "--ids", "stable"), "--ids: counts only where observation.mode"),
        (("tasks", "list", "--tasks", "mini", "--seed", "2"), "draws nothing"),
        (("sites", "serve", "--task-set", "mini"), "only --write-configs FOLDER uses it"),
        ((*ORACLE, "--tasks", "smoke", "--fail-under", "most"), "--fail-under most: expected a share such as 90%"),
        ((*ORACLE, "--tasks", "smoke", "--fail-under", "13"), "only 12 episodes are planned"),
        (("report", "r", "--json", "--format", "markdown"), "--json and --format markdown exclude each other"),
        (("report", "r", "--json", "--markdown"), "--json and --markdown exclude each other"),
        (("report", "r", "--markdown", "--format", "table"), "--markdown and --format table exclude each other"),
        (("report", "r", "--format", "html"), "expected one of table, markdown, json"),
        ((*ORACLE, "--tasks", "smoke", "--agent", "random-click"), "name two agents"),
        (
            (*ORACLE, "--tasks", "mini & template:9100", "--judge", "replay"),
            "chosen tasks has an answer that a judge decides",
        ),
    ],
)
def test_options_that_exclude_each_other_or_do_nothing(invoke: Invoke, words: tuple[str, ...], told: str) -> None:
    refused(invoke(*words), told)


def test_files_that_are_not_there(invoke: Invoke, workdir: Path) -> None:
    told = "nofile.yaml: cannot be read: No such file or directory; give an existing file"
    refused(invoke(*ORACLE, "--config", "nofile.yaml"), told)


def test_malformed_yaml(invoke: Invoke, workdir: Path) -> None:
    path = workdir / "mine.yaml"
    path.write_text("backend: openai_chat\nsampling: {temperature: 1\n")
    refused(invoke("--model", str(path)), f"{path}, line 3, column 1", "not YAML", "expected")


def test_a_wrong_key_in_yaml(invoke: Invoke, workdir: Path) -> None:
    path = workdir / "mine.yaml"
    path.write_text("backend: openai_chat\nsampling:\n  temprature: 1\n")
    refused(invoke("--model", str(path)), f"{path}, line 3, column 3", "temprature", "temperature")


def test_a_wrong_option(invoke: Invoke) -> None:
    refused(
        invoke("--model", "oracle", "-o", "limits.max_step=3"), "-o limits.max_step", "did you mean limits.max_steps"
    )


def test_malformed_task_json(invoke: Invoke, own_tasks: Path) -> None:
    own_tasks.write_text(own_tasks.read_text().replace('"task_id": 8,', '"task_id": ,'))
    refused(invoke(*ORACLE, "--task-set", str(own_tasks)), str(own_tasks), "line 1")


def test_a_task_without_a_key(invoke: Invoke, own_tasks: Path) -> None:
    records = json.loads(own_tasks.read_text())
    del records[1]["start_url"]
    own_tasks.write_text(json.dumps(records, indent=1))
    refused(invoke(*ORACLE, "--task-set", str(own_tasks)), str(own_tasks), "start_url")


def test_a_modified_task_file(invoke: Invoke, own_tasks: Path) -> None:
    refused(invoke("tasks", "fetch", "webarena", "--from", str(own_tasks)), "sha256", "--allow-modified")
    assert invoke("tasks", "fetch", "webarena", "--from", str(own_tasks), "--allow-modified").code == 0
    refused(invoke("--model", "oracle", "--tasks", "7"), "not the official task file", "--allow-modified")
    listed = invoke("tasks", "list", "--allow-modified", "--json")
    assert [task["task_id"] for task in json.loads(listed.out)] == [7, 8]


def test_the_official_tasks_are_not_there(invoke: Invoke) -> None:
    refused(invoke("--model", "oracle", "--tasks", "all"), "wa-run tasks fetch webarena")


def test_missing_site_urls(invoke: Invoke, own_tasks: Path) -> None:
    done = invoke("--model", "oracle", "--task-set", str(own_tasks))
    refused(done, "reddit: 2 of 2 tasks", "export REDDIT=", "configs/sites", "WA_", "--sites embedded")


def test_no_browser(invoke: Invoke, own_tasks: Path) -> None:
    done = invoke(*ORACLE, "--task-set", str(own_tasks), "-o", "browser.executable=/nonexistent/chromium")
    refused(done, "browser.executable is /nonexistent/chromium")


def test_an_unreachable_model_server(invoke: Invoke, own_tasks: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        model = ("--model", "llama-cpp", "-o", f"model.options.base_url={url}")
        refused(invoke(*model, "--sites", "embedded", "--task-set", str(own_tasks)), url, "llama-server")


@pytest.mark.parametrize(
    ("options", "fault", "told"),
    [
        ((), error(400, "`temperature` and `top_p` cannot both be specified."), "-o sampling.top_p=null"),
        (("-o", "model.images=screenshot"), error(500, "image input is not supported"), "-o model.images=none"),
        (("-o", 'sampling.stop=[""]'), None, "sampling.stop.0"),
    ],
    ids=["parameters", "picture", "empty stop text"],
)
def test_what_every_request_would_be_refused_for(
    invoke: Invoke, own_tasks: Path, options: tuple[str, ...], fault: Reply | None, told: str
) -> None:
    with serving(Server()) as server:
        if fault is not None:
            server.routes["/v1/chat/completions"] = lambda _: fault
        model = ("--model", "openai-compatible", "-o", f"model.options.base_url={server.base_url}", *options)
        refused(invoke(*model, "--sites", "embedded", "--task-set", str(own_tasks)), told)


def test_a_results_folder_that_cannot_be_written(invoke: Invoke, own_tasks: Path) -> None:
    (own_tasks.parent / "file").write_text("")
    refused(invoke(*ORACLE, "--task-set", str(own_tasks), "--out", "file/results"), "file/results")


def test_out_is_a_file(invoke: Invoke, own_tasks: Path) -> None:
    refused(invoke(*ORACLE, "--task-set", str(own_tasks), "--out", str(own_tasks)), f"{own_tasks}: run folders cannot")


@pytest.mark.parametrize("name", ["./nofile.yaml", "some/nofile"])
def test_a_model_file_that_is_not_there(invoke: Invoke, name: str) -> None:
    done = invoke("--model", name, "--tasks", "smoke")
    refused(done, f"{name}: no such file; give an existing path")


def test_a_run_id_that_is_a_path(invoke: Invoke, own_tasks: Path) -> None:
    refused(invoke(*ORACLE, "--task-set", str(own_tasks), "--run-id", "../x"), "--run-id '../x'")


def test_a_port_in_use(invoke: Invoke) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(invoke("sites", "serve", "--sites", "reddit", "--port-base", str(port)), f"port {port}")


def test_an_unknown_embedded_site(invoke: Invoke) -> None:
    refused(
        invoke("sites", "serve", "--sites", "reddit,shoping"), "unknown shoping", "shopping, shopping_admin, reddit"
    )


@pytest.mark.parametrize("command", ["resume", "report"])
def test_an_unknown_run(invoke: Invoke, workdir: Path, command: str) -> None:
    refused(invoke(command, "nowhere"), "nowhere: no run folder")


def test_run_options_before_a_sub_command(invoke: Invoke) -> None:
    refused(invoke("--model", "oracle", "tasks", "list"), "--model belongs to the bare form")


def test_verbose_shows_the_traceback(invoke: Invoke) -> None:
    done = invoke("--model", "nothing", "-v")
    assert done.code == 2
    assert "Traceback" in done.err
    assert "unknown model 'nothing'" in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--modle oracle", ["No such option: --modle", "--model"]),
        ("--model oracle --workers four", ["--workers: ", "1 or more, or auto, got 'four'"]),
        ("--model oracle -w 0", ["--workers: ", "1", "got '0'"]),
        ("--model oracle --max-cost=much", ["--max-cost: ", "got 'much'"]),
        ("report", ["Missing argument 'RUN'; see `wa-run report --help`"]),
        ("smoke", ["'smoke' is no command; did you mean --tasks smoke?"]),
        ("--tasks site:map and site:reddit", ["--tasks 'site:map & site:reddit'", "quotes"]),
        ("--tasks site:map or not 3 --workers 2", ["--tasks 'site:map , ! 3'", "quotes"]),
        ("--model oracle run", ["--model", "write it after `run`"]),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_message(invoke: Invoke, words: str, told: list[str]) -> None:
    refused(invoke(*words.split()), *told)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("smokey", "did you mean smoke?"),
        ("shopping", "did you mean site:shopping?"),
        ("@nofile", "nofile cannot be read"),
        ("site:shoping", "known here: classifieds, gitlab"),
        ("eval:x", "known here: agent_response"),
        ("failed:nowhere", "nowhere: no run folder"),
    ],
)
def test_what_is_wrong_with_the_tasks_is_told_before_they_are_fetched(
    invoke: Invoke, expression: str, told: str
) -> None:
    for command in (("--model", "oracle"), ("tasks", "list")):
        done = invoke(*command, "--tasks", expression)
        refused(done, told)
        assert "tasks fetch" not in done.err


def test_verbose_after_a_sub_command_shows_the_traceback_too(invoke: Invoke) -> None:
    done = invoke("report", "nowhere", "--verbose")
    assert (done.code, "Traceback" in done.err) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [("report", "~nobody-here/r1"), ("verify", "~nobody-here/r1"), ("--model", "oracle", "-t", "@~nobody-here/x")],
)
def test_a_home_that_nobody_has_is_told(arguments: tuple[str, ...], invoke: Invoke) -> None:
    done = invoke(*arguments)
    assert (done.code, done.out) == (2, "")
    assert f"{arguments[-1]}: ~ stands for no folder that is known here" in done.err


@pytest.mark.parametrize("command", ["resume", "retry"])
@pytest.mark.parametrize("option", ["--screenshots", "--trials", "--model"])
def test_what_only_a_new_run_can_be_given(invoke: Invoke, command: str, option: str) -> None:
    done = invoke(command, "r", option, "none")
    refused(done, f"{option}: a run goes on with what it began with", f"`wa-run --config RUN {option} ...`")


def test_a_retry_of_no_class(invoke: Invoke) -> None:
    refused(invoke("retry", "r", "--errors", " , "), "--errors ' , ': names no class", "leave --errors out")


@pytest.mark.parametrize("option", ["--max-cost", "--max-cost-per-episode"])
@pytest.mark.parametrize("amount", ["0", "-1"])
def test_a_run_that_may_cost_nothing(invoke: Invoke, option: str, amount: str) -> None:
    done = invoke("--model", "openai-compatible", "-o", "model.model=m", "--tasks", "smoke", option, amount)
    refused(done, f"{option}: limits.", "expected greater than 0", f"got {amount}")
