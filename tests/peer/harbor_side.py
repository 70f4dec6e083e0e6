"""Run by a Python that has harbor: what its own models and counts say of a folder of jobs, as JSON on stdout."""

import json
import sys
from pathlib import Path

from harbor.models.job.result import JobStats
from harbor.utils.trajectory_validator import TrajectoryValidator
from harbor.viewer.scanner import JobScanner


def job(scanner: JobScanner, name: str) -> dict[str, object]:
    trials = scanner.list_trials(name)
    results = [scanner.get_trial_result(name, trial) for trial in trials]
    ours = scanner.get_job_result(name)
    assert ours is not None
    assert scanner.get_job_config(name) is not None
    assert all(scanner.get_trial_config(name, trial) is not None for trial in trials)
    theirs = JobStats.from_trial_results([each for each in results if each], n_total_trials=ours.n_total_trials)
    faults = {}
    for trial in trials:
        validator = TrajectoryValidator()
        if not validator.validate(scanner.jobs_dir / name / trial / "agent" / "trajectory.json"):
            faults[trial] = validator.get_errors()
    return {
        "trials": len(trials),
        "ended": sum(each is not None for each in results),
        "ours": ours.stats.model_dump(mode="json"),
        "theirs": theirs.model_dump(mode="json"),
        "faults": faults,
    }


if __name__ == "__main__":
    found = JobScanner(Path(sys.argv[1]))
    json.dump({name: job(found, name) for name in found.list_jobs()}, sys.stdout)
