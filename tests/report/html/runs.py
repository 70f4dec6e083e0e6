"""Run folders with steps and screenshots, as a run writes them."""

import io
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from tests.log.records import START, make_manifest, make_task
from webarena_runner.log.writing import RunFolder
from webarena_runner.types import (
    ActedOn,
    Box,
    Click,
    Completion,
    Decision,
    EpisodeResult,
    Message,
    Observation,
    RunManifest,
    Step,
    Task,
)

BOX = Box(x=40, y=30, width=80, height=20)


def screenshot(width: int = 320, height: int = 200) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (width, height), "#88aacc").save(encoded, "JPEG")
    return encoded.getvalue()


def make_step(index: int, text: str = "[7] link 'Orders'", **changes: Any) -> Step:
    messages = (
        Message(role="system", content="Name one action. " * 20),
        Message(role="user", content=f"OBSERVATION: {text}\nOBJECTIVE: do it"),
    )
    completion = Completion(text=f"I click [7] in step {index}", prompt_tokens=100, completion_tokens=9, latency_s=1.5)
    fields: dict[str, Any] = {
        "index": index,
        "started_at": START + timedelta(seconds=index),
        "observation": Observation(url="http://127.0.0.1:7770/", tabs=("Shop",), text=text),
        "decision": Decision(action=Click(element_id="7"), messages=messages, completion=completion),
        "action_text": "click [7] where [7] is link 'Orders'",
        "acted_on": ActedOn(element_id="7", line="link 'Orders'", box=BOX),
        "screenshot_file": f"step-{index:03d}.jpeg",
        "timings_ms": {"agent": 1500.0, "settle": 300.0},
    }
    return Step(**fields | changes)


def write_episodes(
    folder: Path,
    results: Sequence[EpisodeResult],
    *,
    manifest: RunManifest | None = None,
    tasks: Sequence[Task] | None = None,
    steps: Sequence[Step] = (make_step(0), make_step(1)),
) -> Path:
    """A run whose episodes all took the same steps; a result for a task that has one already is another attempt."""
    manifest = manifest or make_manifest(folder.name)
    planned = [make_task(int(task_id), template_id=5) for task_id, _ in manifest.planned] if tasks is None else tasks
    run = RunFolder.create(folder, manifest, planned)
    for result in results:
        log = run.begin(result.task_id, result.trial)
        for step in steps:
            log.append(step, screenshot())
        run.put(result)
    run.close()
    return folder
