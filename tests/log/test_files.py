"""Files as others find them, and what is said where they cannot be written."""

import resource
import shutil
from pathlib import Path

import pytest

from webarena_runner.log.files import place_in


def test_of_a_copy_that_finds_no_room_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "copied").write_bytes(b"x" * 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(OSError, match="File too large") as told:
            shutil.copyfile(tmp_path / "copied", tmp_path / "copy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert place_in(told.value, tmp_path) == str(tmp_path / "copy")
