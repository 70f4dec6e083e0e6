"""Pictures of the sites are drawn once, and kept for all processes after that."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from webarena_mini.kit import kept
from webarena_mini.kit.kept import kept_picture, seed_sha256

drawn: list[tuple[str, int]] = []


def draw(what: str, pieces: int) -> bytes:
    drawn.append((what, pieces))
    return f"{what} {pieces}".encode()


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    forget()
    yield tmp_path / "webarena-runner" / "pictures"
    forget()


def shown(*pieces: int) -> list[bytes]:
    async def asked() -> list[bytes]:
        return [await kept_picture(draw, "mug", number) for number in pieces]

    return asyncio.run(asked())


def forget() -> None:
    """As a new process begins."""
    drawn.clear()
    kept._pictures.cache_clear()
    kept._drawn.cache_clear()


def test_another_process_reads_what_was_drawn(cache_folder: Path) -> None:
    assert shown(1, 2, 1) == [b"mug 1", b"mug 2", b"mug 1"]
    assert drawn == [("mug", 1), ("mug", 2)]
    forget()
    assert shown(2) == [b"mug 2"]
    assert not drawn
    assert len(list(cache_folder.glob("*/*"))) == 2


def test_pictures_of_another_version_go(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(1)
    forget()
    monkeypatch.setattr(kept, "seed_sha256", lambda: seed_sha256()[::-1])
    assert shown(1) == [b"mug 1"]
    assert drawn == [("mug", 1)]
    assert len(list(cache_folder.iterdir())) == 1


def test_where_nothing_can_be_kept_pictures_are_drawn(cache_folder: Path) -> None:
    cache_folder.parent.mkdir()
    cache_folder.touch()
    assert shown(1, 1) == [b"mug 1", b"mug 1"]
    assert drawn == [("mug", 1)]
