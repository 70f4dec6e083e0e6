"""Cores and memory of this process, in folders as Linux has them for containers, systemd and Slurm."""

from pathlib import Path

import pytest

from webarena_runner.allowance import MIB, Groups, cores, free_mb, memory_mb


def groups_of(folder: Path, own: str, files: dict[str, str]) -> Groups:
    (folder / "cgroup").write_text(own)
    for name, text in files.items():
        path = folder / "mounted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return Groups(folder / "cgroup", folder / "mounted")


def test_the_smallest_limit_of_the_groups_above_counts_and_cached_files_are_free(tmp_path: Path) -> None:
    files = {
        "job/memory.max": f"{300 * MIB}",
        "job/memory.current": f"{250 * MIB}",
        "job/memory.stat": f"anon 5\ninactive_file {100 * MIB}",
        "job/step/memory.max": "max",
        "job/step/memory.current": "5",
        "job/step/cpu.max": "max 100000",
        "job/cpu.max": "100000 100000",
    }
    groups = groups_of(tmp_path, "0::/job/step\n", files)
    assert (memory_mb(groups), free_mb(groups), cores(groups)) == (300, 150, 1)


def test_version_1_has_a_folder_for_each_controller_and_a_number_for_no_limit(tmp_path: Path) -> None:
    files = {
        "memory/job/memory.limit_in_bytes": f"{200 * MIB}",
        "memory/job/memory.usage_in_bytes": f"{50 * MIB}",
        "memory/memory.limit_in_bytes": "9223372036854771712",
        "memory/memory.usage_in_bytes": "1",
        "cpu,cpuacct/job/cpu.cfs_quota_us": "50000",
        "cpu,cpuacct/job/cpu.cfs_period_us": "100000",
    }
    groups = groups_of(tmp_path, "4:memory:/job\n3:cpu,cpuacct:/job\n", files)
    assert (memory_mb(groups), free_mb(groups), cores(groups)) == (200, 150, 1)


@pytest.mark.parametrize("own", ["", "0::/elsewhere\n", "nonsense\n"])
def test_without_a_limit_it_is_the_machine(tmp_path: Path, own: str) -> None:
    groups = groups_of(tmp_path, own, {})
    assert (memory_mb(groups), cores(groups)) == (memory_mb(Groups(tmp_path, tmp_path)), cores(Groups(tmp_path)))
    assert 0 < free_mb(groups) <= memory_mb(groups)
