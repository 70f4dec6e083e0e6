"""What `--workers auto` begins with and how far it may go."""

from typing import Any

import pytest

from webarena_runner.running.capacity import Machine, WorkerRange, workers_of
from webarena_runner.settings.records import ModelSpec, RateLimits, RunConfig, RunSettings, SitesSpec, TaskChoice
from webarena_runner.types import Task

ROOMY = Machine(cores=4, free_mb=64_000, reserve_mb=4_000)
EMBEDDED = SitesSpec(provider="embedded")
SHARED = SitesSpec(provider="static", options={"urls": {"shopping": "http://127.0.0.1:1"}})


def config_of(model: ModelSpec | None, sites: SitesSpec = EMBEDDED, **settings: Any) -> RunConfig:
    given: dict[str, Any] = {"profile": "", "workers": "auto"} | settings
    return RunConfig(settings=RunSettings(**given), model=model, tasks=TaskChoice(task_set="mini"), sites=sites)


def tasks_of(number: int, *, writers: int = 0) -> list[Task]:
    given: dict[str, Any] = {"start_urls": (), "login_sites": (), "checks": (), "raw": {}}
    return [
        Task(
            task_set="t", task_id=index, intent="", template_id=1, sites=("shopping",), writes=index < writers, **given
        )
        for index in range(number)
    ]


def model_of(backend: str, rates: dict[str, int] | None = None, **options: Any) -> ModelSpec:
    return ModelSpec(
        name="m", backend=backend, model="m", rates=RateLimits(**(rates or {})), options=options, context_window=4096
    )


HTTP = {"base_url": "http://127.0.0.1:1/v1"}
AT_A_TIME = "the model's requests at a time"


@pytest.mark.parametrize(
    ("model", "start", "most", "bound_by"),
    [
        pytest.param(None, 8, 128, "cores", id="no model"),
        pytest.param(model_of("openai_chat", **HTTP), 16, 128, "cores", id="a model that says nothing"),
        pytest.param(
            model_of("openai_chat", {"max_concurrency": 6}, **HTTP),
            10,
            10,
            "the model's requests at a time",
            id="its own limit",
        ),
        pytest.param(
            model_of("openai_chat", {"requests_per_minute": 60}, **HTTP), 16, 30, "the model's rate", id="rate"
        ),
        pytest.param(model_of("llama-cpp"), 16, 20, AT_A_TIME, id="llama.cpp started here"),
        pytest.param(model_of("llama-cpp", slots=2), 6, 6, AT_A_TIME, id="llama.cpp with slots"),
        pytest.param(model_of("llama-cpp", **HTTP), 16, 128, "cores", id="llama.cpp that runs already"),
        pytest.param(model_of("vllm", engine={"max_num_seqs": 8}), 12, 12, AT_A_TIME, id="vLLM's engine"),
        pytest.param(model_of("vllm-server"), 16, 128, "cores", id="vLLM's server without a number"),
        pytest.param(model_of("transformers", max_batch_size=5), 9, 9, AT_A_TIME, id="a batch at a time"),
    ],
)
def test_the_model_bounds_it(model: ModelSpec | None, start: int, most: int, bound_by: str) -> None:
    assert workers_of(config_of(model), tasks_of(812), ROOMY) == WorkerRange(start, most, bound_by)


def test_memory_and_episodes_bound_it() -> None:
    model = model_of("openai_chat", **HTTP)
    assert workers_of(config_of(model), tasks_of(3), ROOMY) == WorkerRange(3, 3, "episodes")
    tight = Machine(cores=4, free_mb=1_700, reserve_mb=1_000)
    assert workers_of(config_of(model), tasks_of(812), tight) == WorkerRange(7, 7, "memory")
    full = Machine(cores=4, free_mb=100, reserve_mb=1_000)
    assert workers_of(config_of(model), tasks_of(812), full) == WorkerRange(1, 1, "memory")


@pytest.mark.parametrize(("writers", "most"), [(0, 100), (25, 8), (100, 2)])
def test_tasks_that_change_a_shared_site_bound_it_as_they_wait_for_each_other(writers: int, most: int) -> None:
    found = workers_of(config_of(model_of("openai_chat", **HTTP), SHARED), tasks_of(100, writers=writers), ROOMY)
    assert found.most == most
    fresh = workers_of(config_of(model_of("openai_chat", **HTTP)), tasks_of(100, writers=writers), ROOMY)
    assert fresh.most == 100


def test_a_number_is_that_number() -> None:
    found = workers_of(config_of(None, workers="7"), tasks_of(3), ROOMY)
    assert (found, found.is_auto) == (WorkerRange(7), False)
