"""llama.cpp's server out of the package `xllamacpp`, with those of `llama-server`'s flags that a run sets.

    python xserver.py --model FILE --host HOST --port PORT ...

Started as a program of its own, which imports nothing of the runner. The API key is in LLAMA_API_KEY, as for
`llama-server`. It serves until it is ended.
"""

import argparse
import os
import signal
import sys


def main() -> int:
    import xllamacpp

    given = _flags().parse_args()
    params = xllamacpp.CommonParams()
    params.model.path = given.model
    params.model_alias = {given.alias}
    params.hostnames, params.port = [given.host], given.port
    params.n_ctx, params.n_parallel = given.ctx_size, given.parallel
    params.n_batch = params.n_ubatch = given.batch_size
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = given.threads
    params.n_gpu_layers = given.gpu_layers
    params.cache_ram_mib = given.cache_ram
    if given.mmproj:
        params.mmproj.path = given.mmproj
    # Of an empty one it would want exactly that, which other programs cannot send.
    params.api_keys = [key] if (key := os.environ["LLAMA_API_KEY"]) else []
    server = xllamacpp.Server(params)
    sys.stdout.write(f"serving at {server.listening_address}\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


def _flags() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser()
    for name in ("model", "alias", "host", "mmproj"):
        flags.add_argument(f"--{name}", default="")
    for name in ("port", "ctx-size", "parallel", "batch-size", "threads"):
        flags.add_argument(f"--{name}", type=int, required=True)
    flags.add_argument("--gpu-layers", type=int, default=-1)
    # Prompts that are kept in memory, for a slot that gets one of them again: xllamacpp's own limit is 8 GiB.
    flags.add_argument("--cache-ram", type=int, default=2048)
    return flags


if __name__ == "__main__":
    # Blocked before llama.cpp starts threads, which inherit that, or one of them would take the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    sys.exit(main())
