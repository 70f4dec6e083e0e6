"""What a manifest says of how a run was made, in words."""

from collections.abc import Iterator

from webarena_runner.report.units import moment
from webarena_runner.types import RunManifest

SHORT_SHA = 12


def facts(manifest: RunManifest) -> Iterator[tuple[str, str]]:
    """Name and text of each; "" where there is nothing to say."""
    yield "Run", manifest.run_id
    yield "Started", moment(manifest.started_at)
    yield "Ended", moment(manifest.finished_at) if manifest.finished_at else "not yet, or by a crash"
    yield "Model", manifest.model_title
    yield "Agent", f"{manifest.agent} ({manifest.agent_note})" if manifest.agent_note else manifest.agent
    yield "Judge", manifest.judge
    yield "Profile", manifest.profile
    yield "Changed in it", ", ".join(manifest.profile_overrides)
    modified = ", not the official file" if manifest.task_set_modified else ""
    yield "Task set", f"{manifest.task_set}{modified} ({_sha(manifest.task_set_sha256)})"
    yield "Chosen", str(manifest.config.get("tasks", {}).get("expression", ""))
    yield "Sites", manifest.sites
    yield "Data of the sites", manifest.sites_data
    yield "Environment", "" if manifest.environment == "browser" else manifest.environment
    yield "Prompt", _sha(manifest.prompt_sha256) if manifest.prompt_sha256 else ""
    yield "Settings", _sha(manifest.config_sha256)
    yield from manifest.versions.items()


def _sha(sha256: str) -> str:
    return f"sha256 {sha256[:SHORT_SHA]}"
