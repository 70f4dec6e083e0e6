"""Where fetched task files are kept on this machine."""

from pathlib import Path

from platformdirs import user_cache_path


def cache_root(folder: Path | None) -> Path:
    """The folder given, or the user's cache folder of this program."""
    return folder if folder is not None else user_cache_path("webarena-runner")


def webarena_file(folder: Path | None) -> Path:
    return cache_root(folder) / "tasksets" / "webarena" / "test.raw.json"
