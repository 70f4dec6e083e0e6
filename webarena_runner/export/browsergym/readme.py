"""The README that each agent on the leaderboard has: filled in as far as a run says, the rest for people to write."""

from typing import Any

from webarena_runner.report.markdown import plain
from webarena_runner.report.summary import RunReport
from webarena_runner.types import RunManifest

WANTED = "_to be filled in_"


def readme_of(report: RunReport, agent_name: str) -> str:
    """Markdown in the sections that the leaderboard asks for."""
    manifest = report.manifest
    model = manifest.config["model"] or {}
    info = model.get("leaderboard") or {}
    sections = {
        "Model Name": [plain(manifest.model_name)],
        "Model Architecture": [*_architecture(info), WANTED],
        "Input/Output Format": _formats(manifest),
        "Training Details": [
            f"- Dataset used: {WANTED}",
            f"- Number of training steps: {WANTED}",
            f"- Hardware used: {WANTED}",
            f"- Training time: {WANTED}",
        ],
        "Paper Link": [plain(info.get("work") or "") or WANTED],
        "Code Repository": [WANTED],
        "Additional Notes": _notes(manifest),
        "License": [WANTED],
    }
    parts = [f"# {plain(agent_name)}"]
    parts += [f"## {title}\n\n" + "\n".join(lines) for title, lines in sections.items()]
    return "\n\n".join(parts) + "\n"


def _architecture(info: dict[str, Any]) -> list[str]:
    size, is_open = info.get("size_b"), info.get("open_weights")
    lines = [f"- Size: {size:g} billion parameters"] if isinstance(size, int | float) else []
    return lines + ([] if is_open is None else [f"- Open weights: {'yes' if is_open else 'no'}"])


def _formats(manifest: RunManifest) -> list[str]:
    settings = manifest.config["settings"]
    observation, actions = settings.get("observation", {}), settings.get("actions", {})
    said = {
        "Observation": observation.get("mode"),
        "Viewport only": observation.get("viewport_only"),
        "Observation tokens at most": observation.get("max_tokens"),
        "Action set": actions.get("action_set"),
        "Prompt": settings.get("prompt"),
        "Steps at most": settings.get("limits", {}).get("max_steps"),
    }
    known = [f"- {name}: {plain(str(value))}" for name, value in said.items() if value not in (None, "")]
    return known or [WANTED]


def _notes(manifest: RunManifest) -> list[str]:
    """What made the number; the run folder has all of it."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest.versions.items()))
    lines = [
        f"- Profile: {plain(manifest.profile)}",
        f"- Judge: {plain(manifest.judge) or 'none'}",
        f"- Settings, sha256: {manifest.config_sha256}",
        f"- Task file, sha256: {manifest.task_set_sha256 or 'not known'}",
        f"- Versions: {plain(versions) or 'not known'}",
    ]
    if manifest.imported:
        lines.append(f"- Imported ({plain(manifest.imported.kind)}); webarena-runner did not run it")
    return lines
