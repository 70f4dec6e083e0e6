"""A checkpoint in safetensors files: found here or on the Hugging Face hub, and read tensor by tensor."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from webarena_runner.errors import ConfigError
from webarena_runner.extras import how_to_install
from webarena_runner.log.files import write_atomically

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
_BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U8": 8, "BOOL": 8}
_WANTED = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "*.model", "*.txt"]


def require_libraries() -> None:
    lacking = [name for name in ("torch", "safetensors") if not find_spec(name)]
    if lacking:
        raise ConfigError(
            f"merging needs the Python modules {', '.join(lacking)}, which are not installed; "
            f"run: {how_to_install('transformers')}"
        )


@dataclass(frozen=True)
class Tensor:
    """`dtype` by its name in safetensors, such as BF16."""

    file: Path
    shape: tuple[int, ...]
    dtype: str

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * _BITS.get(self.dtype, 8) // 8


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, in the order of their files."""

    folder: Path
    tensors: Mapping[str, Tensor]

    def read(self, name: str) -> Any:
        """The weights of one tensor; raises ConfigError when its file is broken."""
        from safetensors import SafetensorError, safe_open

        file = self.tensors[name].file
        try:
            with safe_open(file, framework="pt") as opened:
                return opened.get_tensor(name)
        except (OSError, SafetensorError) as error:
            raise ConfigError(f"{file}: tensor {name} cannot be read: {error}") from error


def find_checkpoint(name: str, *, option: str) -> Path:
    """The folder of that name, or a repository of the hub, downloaded.

    Raises:
        ConfigError: neither, or the weights could not be used here after the download.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise ConfigError(f"{option} {name}: no such folder; expected one with a checkpoint, or OWNER/NAME on the hub")
    require_libraries()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED))
    except OSError as error:
        raise ConfigError(
            f"{option} {name}: no such folder, and it cannot be loaded from the Hugging Face hub: "
            f"{' '.join(str(error).split())[:300]}; for a gated repository log in with `hf auth login`"
        ) from error


def require_weights(folder: Path) -> list[Path]:
    """The weight files of a folder.

    Raises:
        ConfigError: there are none, or one that the index names is missing.
    """
    index = folder / INDEX
    if not index.is_file():
        if (folder / SINGLE).is_file():
            return [folder / SINGLE]
        others = sorted(path.name for path in folder.glob("*.bin"))
        kind = f"; {others[0]} is in PyTorch's own format: convert it to safetensors first" if others else ""
        raise ConfigError(f"{folder}: has no weights; expected {SINGLE} or {INDEX}{kind}")
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{index}: is no index of safetensors files: {error!r}") from error
    lacking = [name for name in names if not (folder / name).is_file()]
    if lacking:
        raise ConfigError(f"{folder}: {', '.join(lacking)} missing, which {INDEX} names; download the rest of it")
    return [folder / name for name in names]


def read_checkpoint(folder: Path) -> Checkpoint:
    """Names, shapes and types of all tensors; raises ConfigError when a file is missing or broken."""
    from safetensors import SafetensorError, safe_open

    tensors: dict[str, Tensor] = {}
    for file in require_weights(folder):
        try:
            with safe_open(file, framework="pt") as opened:
                for name in opened.keys():  # noqa: SIM118  it is no mapping
                    part = opened.get_slice(name)
                    tensors[name] = Tensor(file, tuple(part.get_shape()), part.get_dtype())
        except (OSError, SafetensorError) as error:
            raise ConfigError(f"{file}: cannot be read as safetensors: {error}; download it again") from error
    return Checkpoint(folder, tensors)


def write_index(path: Path, files: Mapping[str, str], total_bytes: int) -> None:
    index = {"metadata": {"total_size": total_bytes}, "weight_map": dict(files)}
    write_atomically(path, json.dumps(index, indent=2))
