"""Somebody else's package, as pip would have left it: its plug-ins are found by their entry points alone."""

from pathlib import Path


def install(folder: Path, module: str, source: str, entry_points: str) -> None:
    """Writes a module and its distribution's metadata; `folder` goes on sys.path or PYTHONPATH.

    `entry_points` is the text of entry_points.txt.
    """
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    describe(folder, module, entry_points)


def describe(folder: Path, module: str, entry_points: str) -> None:
    """Writes the metadata alone, for a module that is there."""
    info = folder / f"{module}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {module}\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
