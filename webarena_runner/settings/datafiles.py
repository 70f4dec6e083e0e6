"""Where the YAML files of `configs/` and `tasks/` are found: the working directory first, then what was installed."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from webarena_runner.errors import ConfigError

_PACKAGE = Path(__file__).parents[1]


def folders(kind: str, *, root: str = "configs") -> Iterator[Path]:
    """Existing folders of one kind (`models`, `prompts`, ...), the first to be searched first; kind "": root itself."""
    installed = _PACKAGE / "_data"
    for base in (Path.cwd(), installed if installed.is_dir() else _PACKAGE.parent):
        folder = base / root / kind
        if folder.is_dir():
            yield folder.resolve()


def names(kind: str, suffixes: Sequence[str] = (".yaml",), *, root: str = "configs") -> list[str]:
    """Sorted names, without suffix, of all files of one kind."""
    found = (path for folder in folders(kind, root=root) for path in folder.iterdir())
    return sorted({path.stem for path in found if path.suffix in suffixes})


def find(kind: str, name: str, suffixes: Sequence[str] = (".yaml",), *, root: str = "configs") -> Path:
    """Path of the file `name`: a path of an existing file as it is given, or a bare name with one of the suffixes.

    Raises:
        ConfigError: there is no such file; it names the known ones.
    """
    if name.endswith(tuple(suffixes)) or "/" in name:
        path = Path(name).expanduser()
        if path.is_file():
            return path
        if "/" in name:
            raise ConfigError(
                f"{name}: no such file; give an existing path, or one of the names {_listed(kind, suffixes, root)}"
            )
    for folder in folders(kind, root=root):
        for suffix in suffixes:
            path = folder / f"{name.removesuffix(suffix)}{suffix}"
            if path.is_file():
                return path
    place, bare = f"{root}/{kind}".rstrip("/"), name.removesuffix(suffixes[0])
    close = get_close_matches(name, names(kind, suffixes, root=root), n=1, cutoff=0.5)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    raise ConfigError(
        f"{name}: no such file in {place}{hint}. Known: {_listed(kind, suffixes, root)}; "
        f"add {place}/{bare}{suffixes[0]} to the working directory, or give a path"
    )


def _listed(kind: str, suffixes: Sequence[str], root: str) -> str:
    return ", ".join(names(kind, suffixes, root=root)) or "none"
