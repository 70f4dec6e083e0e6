"""vLLM's engine arguments and environment in a model file, checked without importing vLLM, which takes ten seconds.

The installed vLLM's source says which arguments there are and, for the plain ones, of which type.
"""

import ast
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from webarena_runner.errors import ConfigError
from webarena_runner.models.shared.formats import ExampleRoles, FormatName
from webarena_runner.models.shared.options import TokenOptions

_ENGINE_SOURCE = ("engine/arg_utils.py",)
# Up to about 0.20 beside the server, later with the launchers.
_SERVER_SOURCES = ("entrypoints/openai/cli_args.py", "entrypoints/launchers/cli_args.py")
_ARGUMENT_CLASS = re.compile(r"(Async)?EngineArgs|(Base)?FrontendArgs")
_NUMBER = re.compile(r"-?\d+(\.\d+)?[kKmMgGtT]?i?|auto")
_PLAIN_TYPES: Mapping[str, type] = {"bool": bool, "int": int, "float": float, "str": str, "list": list, "dict": dict}
_VARIABLES = re.compile(r"(VLLM|HF|OMP)_[A-Z0-9_]+|CUDA_VISIBLE_DEVICES")
_SECRETS = {
    "api_key": "it is made for each start",
    "hf_token": "put it into the environment as HF_TOKEN",
    "VLLM_API_KEY": "it is made for each start",
    "HF_TOKEN": "put it into the environment of wa-run",
}


def _check_variables(variables: dict[str, str]) -> dict[str, str]:
    # No ValueError, to which the reader of the file would add the values.
    for name in variables:
        if name in _SECRETS:
            raise ConfigError(f"options.environment: {name} does not belong into a model file; {_SECRETS[name]}")
        if not _VARIABLES.fullmatch(name):
            raise ConfigError(f"options.environment: {name}: expected VLLM_*, HF_*, OMP_* or CUDA_VISIBLE_DEVICES")
    return variables


Variables = Annotated[dict[str, Annotated[str, Field(coerce_numbers_to_str=True)]], AfterValidator(_check_variables)]


class VllmOptions(TokenOptions):
    """What `vllm` and `vllm-server` share."""

    prompt_format: FormatName = "template"
    """how messages become text: template (the model's own), llama3, llama2, llava-llama3 or completion"""
    example_roles: ExampleRoles = "turns"
    """examples of the prompt as earlier turns, or as the named system messages that official sends"""
    environment: Variables = Field(default_factory=dict)
    """variables of vLLM's own processes: VLLM_*, HF_*, OMP_*, CUDA_VISIBLE_DEVICES"""


def vllm_folder() -> Path | None:
    """Where this Python has vLLM; None: it has not."""
    found = importlib.util.find_spec("vllm")
    return Path(found.origin).parent if found is not None and found.origin else None


def read_arguments(folder: Path, *, server: bool) -> dict[str, str]:
    """Annotation of each argument by name, as the source of the vLLM in `folder` has it."""
    found: dict[str, str] = {}
    for source in _ENGINE_SOURCE + (_SERVER_SOURCES if server else ()):
        file = folder / source
        if file.is_file():
            found |= _fields(ast.parse(file.read_text(encoding="utf-8")))
    if not found:
        raise ConfigError(f"{folder}: has no {_ENGINE_SOURCE[0]} with EngineArgs; expected vLLM 0.12 or later")
    return found


def _fields(module: ast.Module) -> dict[str, str]:
    classes = (node for node in module.body if isinstance(node, ast.ClassDef) and _ARGUMENT_CLASS.fullmatch(node.name))
    return {
        entry.target.id: ast.unparse(entry.annotation)
        for node in classes
        for entry in node.body
        if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name) and entry.target.id[0] != "_"
    }


def check_arguments(
    values: Mapping[str, Any], known: Mapping[str, str], *, reserved: Mapping[str, str], where: str, texts: bool = False
) -> None:
    """`reserved`: what to do instead of setting an argument; `texts`: numbers may be texts, as on a command line.

    Raises:
        ConfigError: an unknown argument (it names the nearest), one that is not for the model file, or a wrong type.
    """
    for name, value in values.items():
        instead = reserved.get(name) or _SECRETS.get(name)
        if instead:
            raise ConfigError(f"{where}.{name}: cannot be set here; {instead}")
        if name not in known:
            close = get_close_matches(name.replace("-", "_"), known, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "see `vllm serve --help=all`"
            raise ConfigError(f"{where}.{name}: the installed vLLM has no such engine argument; {hint}")
        allowed = _plain_types(known[name])
        if value is None or allowed is None or _is_one_of(value, allowed):
            continue
        if texts and isinstance(value, str) and _NUMBER.fullmatch(value):
            continue
        raise ConfigError(f"{where}.{name}: expected {known[name]}, got {value!r}")


def _plain_types(annotation: str) -> set[type] | None:
    """The types that an annotation allows; None where it names others than Python's plain ones."""
    allowed: set[type] = set()
    for part in _union(ast.parse(annotation, mode="eval").body):
        name = part.value if isinstance(part, ast.Subscript) else part
        if isinstance(part, ast.Constant) and part.value is None:
            continue
        if not isinstance(name, ast.Name) or name.id not in _PLAIN_TYPES:
            return None
        allowed.add(_PLAIN_TYPES[name.id])
    return allowed


def _union(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _union(node.left)
        yield from _union(node.right)
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("Optional", "typing.Optional"):
        yield from _union(node.slice)
    else:
        yield node


def _is_one_of(value: object, allowed: set[type]) -> bool:
    if isinstance(value, bool):  # which Python takes for an int
        return bool in allowed
    return isinstance(value, tuple(allowed)) or (isinstance(value, int) and float in allowed)


def flags(values: Mapping[str, Any]) -> list[str]:
    """Engine arguments as a command line has them; those that are None are left out."""
    return [part for name, value in values.items() for part in _flag(name.replace("_", "-"), value)]


def _flag(name: str, value: Any) -> Sequence[str]:
    match value:
        case None:
            return ()
        case bool():
            return (f"--{name}" if value else f"--no-{name}",)
        case dict():
            return (f"--{name}", json.dumps(value))
        case list():
            return (f"--{name}", *map(str, value))
        case _:
            # Joined, so that a value that begins with a dash is not taken for a flag.
            return (f"--{name}={value}",)


def sequences_in(arguments: Mapping[str, Any]) -> int | None:
    """How many requests the engine takes together, where its arguments say so."""
    value = arguments.get("max_num_seqs", arguments.get("max-num-seqs"))
    return int(value) if str(value).isdecimal() and int(value) > 0 else None
