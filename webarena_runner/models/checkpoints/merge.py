"""Weights that are published as a difference: base plus delta, tensor by tensor, as a checkpoint of its own."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webarena_runner.errors import ConfigError
from webarena_runner.models.checkpoints.checkpoint import (
    INDEX,
    SINGLE,
    Checkpoint,
    Tensor,
    read_checkpoint,
    require_libraries,
    write_index,
)

MAX_SHARD_BYTES = 4_000_000_000
# How a text model's tensors are called inside a model that sees: as they are, in LLaVA checkpoints, in newer ones.
_INSIDE: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    lambda name: f"language_model.{name}",
    lambda name: re.sub(r"^model\.", "model.language_model.", name),
)
_NEW = re.compile(r"vision_tower|vision_model|multi_modal_projector|mm_projector|image_newline")
_EMBEDDING = re.compile(r"(embed_tokens|lm_head)\.weight$")
# Constants that older versions of Transformers saved with the weights.
_DERIVED = re.compile(r"rotary_emb\.inv_freq$")
_FLOATS = {"F64", "F32", "F16", "BF16"}
_WEIGHT_FILES = re.compile(r"\.(safetensors|bin|pt|pth|gguf|h5|msgpack|onnx)$|\.(safetensors|bin)\.index\.json$")
_LISTED = 20


@dataclass(frozen=True)
class Plan:
    """What to write: the delta's tensors in shards, and which base tensor is added to each (others are taken over)."""

    base: Checkpoint
    delta: Checkpoint
    added: Mapping[str, str]
    shards: tuple[tuple[str, ...], ...]

    @property
    def total_bytes(self) -> int:
        return sum(tensor.size_bytes for tensor in self.delta.tensors.values())


def plan_merge(base: Path, delta: Path, *, max_shard_bytes: int = MAX_SHARD_BYTES) -> Plan:
    """Reads names, shapes and types, no weights.

    Raises:
        ConfigError: a file is missing, the two do not belong together (all that does not fit is listed), or the
            libraries are not installed.
    """
    require_libraries()
    base_side, delta_side = read_checkpoint(base), read_checkpoint(delta)
    inside = max(_INSIDE, key=lambda rename: sum(rename(name) in delta_side.tensors for name in base_side.tensors))
    added = {inside(name): name for name in base_side.tensors if inside(name) in delta_side.tensors}
    problems = [
        *_missing(base_side, inside, added),
        *_unknown(delta_side, added),
        *_misfits(base_side, delta_side, added),
    ]
    if problems:
        rest = f"\n  and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
        listed = "".join(f"\n  {problem}" for problem in problems[:_LISTED])
        raise ConfigError(f"{delta} is no delta of {base}: {len(problems)} tensors do not fit:{listed}{rest}")
    plan = Plan(base_side, delta_side, added, _sharded(delta_side.tensors, max_shard_bytes))
    _require_difference(plan)
    return plan


def require_new(out: Path) -> None:
    """Raises ConfigError when something is there already."""
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise ConfigError(f"--out {out}: is there already and not empty; give a new folder, or remove it")


def merge(plan: Plan, out: Path, *, on_bytes: Callable[[int], None]) -> None:
    """Writes shard by shard; memory is that of one shard. `on_bytes` gets the bytes merged since the last call.

    Raises:
        ConfigError: no place on the disk, or `out` is there already. On any error there is no `out`.
    """
    require_new(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _require_space(out, plan.total_bytes)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
            whole = Path(temporary) / out.name
            whole.mkdir()
            _write(plan, whole, on_bytes)
            if out.is_dir():
                out.rmdir()
            whole.rename(out)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written: {error}") from error


def _require_space(out: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(out.parent).free
    if free_bytes < needed_bytes:
        raise ConfigError(
            f"--out {out}: needs {needed_bytes / 1e9:.1f} GB, and {free_bytes / 1e9:.1f} GB are free there"
        )


def _write(plan: Plan, folder: Path, on_bytes: Callable[[int], None]) -> None:
    from safetensors.torch import save_file

    places: dict[str, str] = {}
    for number, names in enumerate(plan.shards, start=1):
        file = f"model-{number:05d}-of-{len(plan.shards):05d}.safetensors" if len(plan.shards) > 1 else SINGLE
        save_file(dict(_merged(plan, names, on_bytes)), folder / file, metadata={"format": "pt"})
        places.update(dict.fromkeys(names, file))
    if len(plan.shards) > 1:
        write_index(folder / INDEX, places, plan.total_bytes)
    for source in sorted(plan.delta.folder.iterdir()):
        if source.is_file() and not source.name.startswith(".") and not _WEIGHT_FILES.search(source.name):
            shutil.copyfile(source, folder / source.name)


def _merged(plan: Plan, names: tuple[str, ...], on_bytes: Callable[[int], None]) -> Iterator[tuple[str, Any]]:
    for name in names:
        tensor = plan.delta.read(name)
        if name in plan.added:
            tensor = _sum(plan.base.read(plan.added[name]), tensor)
        yield name, tensor
        on_bytes(plan.delta.tensors[name].size_bytes)


def _sum(base: Any, delta: Any) -> Any:
    """In the delta's type, added with at least 32 bits; rows that only the delta has stay as they are."""
    import torch

    wide = torch.promote_types(torch.promote_types(base.dtype, delta.dtype), torch.float32)
    total = delta.to(wide, copy=True)
    total[: base.shape[0]] += base.to(wide)
    return total.to(delta.dtype)


def _missing(base: Checkpoint, inside: Callable[[str], str], added: Mapping[str, str]) -> Iterator[str]:
    found = set(added.values())
    for name in base.tensors:
        if name not in found and not _DERIVED.search(name):
            yield f"{inside(name)}: missing; the base has {name}"


def _unknown(delta: Checkpoint, added: Mapping[str, str]) -> Iterator[str]:
    for name in delta.tensors:
        if name not in added and not _NEW.search(name) and not _DERIVED.search(name):
            yield f"{name}: neither in the base nor part of a vision tower or projector"


def _misfits(base: Checkpoint, delta: Checkpoint, added: Mapping[str, str]) -> Iterator[str]:
    for name, base_name in added.items():
        ours, theirs = delta.tensors[name], base.tensors[base_name]
        if not _fits(name, ours, theirs):
            yield f"{name}: shape {list(ours.shape)}, and the base's {base_name} has {list(theirs.shape)}"
        if not {ours.dtype, theirs.dtype} <= _FLOATS:
            yield f"{name}: type {ours.dtype} on {theirs.dtype} of the base; expected {', '.join(sorted(_FLOATS))}"


def _fits(name: str, delta: Tensor, base: Tensor) -> bool:
    """Equal, or an embedding that has got more rows, for tokens that the base does not have."""
    if delta.shape == base.shape:
        return True
    more_rows = len(delta.shape) == len(base.shape) and delta.shape[1:] == base.shape[1:]
    return bool(_EMBEDDING.search(name)) and more_rows and delta.shape[0] > base.shape[0]


def _require_difference(plan: Plan) -> None:
    """Whole weights have the same names and shapes as a delta; but a norm's are near 1, in a delta near 0."""
    name = next((name for name in plan.added if name.endswith("model.norm.weight")), None)
    if name is None:
        return
    delta, base = (
        float(side.abs().float().mean()) for side in (plan.delta.read(name), plan.base.read(plan.added[name]))
    )
    if base and delta > base / 2:
        raise ConfigError(
            f"{plan.delta.folder}: looks like whole weights, not a delta: {name} is {delta:.3g} on average, and "
            f"{base:.3g} in the base; it can be used without merging"
        )


def _sharded(tensors: Mapping[str, Tensor], max_shard_bytes: int) -> tuple[tuple[str, ...], ...]:
    shards: list[list[str]] = [[]]
    used = 0
    for name, tensor in tensors.items():
        if shards[-1] and used + tensor.size_bytes > max_shard_bytes:
            shards.append([])
            used = 0
        shards[-1].append(name)
        used += tensor.size_bytes
    return tuple(tuple(names) for names in shards)
