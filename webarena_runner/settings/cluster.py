"""The cluster of `--executor ray`, as a record of the settings."""

from typing import Literal

from pydantic import NonNegativeFloat

from webarena_runner.settings.described import Described


class RaySettings(Described):
    """Where `--executor ray` plays; of no effect with another executor."""

    address: str = ""
    """cluster to play on (--ray-address): auto, HOST:PORT or ray://HOST:PORT; "": one of the run's own, started here

    With auto it is that of the variable RAY_ADDRESS, or the one that runs on this machine.
    """
    secrets: Literal["worker", "driver"] = "worker"
    """whose environment keys and passwords are from: that of each worker, or that of wa-run, which hands them over

    They go to the workers in a message, and into no file and no log; with Ray's TLS nobody else can read it.
    """
    engine_gpus: NonNegativeFloat | None = None
    """GPUs of the actor with the model's engine, of models that are not behind a URL; null: as the engine spreads

    That is tensor_parallel_size times pipeline_parallel_size, where the cluster has as many.
    """
