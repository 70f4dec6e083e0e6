"""The files of a project as they grow: each file is a row of versions, the last one complete."""

import re
from dataclasses import dataclass

from webarena_mini.sites.codehost.domain.licenses import license_text
from webarena_mini.sites.codehost.seed.reading import Module, ProjectSpec, SourceFile, Stack

_SLOT = re.compile(r"«(\w+)»")
_NAMED = re.compile(
    r"^(?:export |pub )?(?:async )?(?:def|function|fn|func|class|struct|## ) ?(?:\(.*?\) )?([A-Za-z_][\w ]*)", re.M
)


@dataclass(frozen=True)
class Growth:
    """One step of one file: the new content and the message of the commit that brings it."""

    path: str
    content: str
    message: str


@dataclass(frozen=True)
class Feature:
    """What a branch adds to the end of a module's file."""

    branch: str
    title: str
    path: str
    addition: str
    module: Module


def words_of(spec: ProjectSpec, owner: str, version: str) -> dict[str, str]:
    links = [f'      <li><a href="pages/{each.name}.html">{each.name.capitalize()}</a></li>' for each in spec.modules]
    return {
        "path": spec.path,
        "package": spec.path.replace("-", "_").replace(".", "_"),
        "name": spec.name,
        "description": spec.description,
        "version": version,
        "owner": owner,
        "year": "2023",
        "links": "\n".join(links),
    }


def fill(text: str, words: dict[str, str]) -> str:
    return _SLOT.sub(lambda match: words[match[1]], text).lstrip("\n")


def first_files(spec: ProjectSpec, stack: Stack, words: dict[str, str]) -> dict[str, str]:
    """What the first commit brings: a README, the licence, and what is hidden."""
    files = {"README.md": f"# {spec.name}\n\n{spec.description}.\n"}
    if spec.license:
        files["LICENSE"] = license_text(spec.license, owner=words["owner"], year=words["year"])
    hidden = [each for each in stack.files if each.path.startswith(".")]
    return {**files, **{each.path: fill(each.text, words) for each in hidden}}


def growths(spec: ProjectSpec, stack: Stack, words: dict[str, str]) -> list[list[Growth]]:
    """For each file its steps in order; files of the same project may grow in any mixture."""
    rows = [_readme(spec), _contributing()]
    for file in stack.files:
        if file.path.startswith("."):
            continue
        if not file.each:
            rows.append(_steps(file, words, ""))
            continue
        rows += [_steps(file, {**words, **module.words()}, module.name) for module in spec.modules]
    return rows


def features(spec: ProjectSpec, stack: Stack, words: dict[str, str]) -> list[Feature]:
    made = []
    for module in spec.modules:
        all_words = {**words, **module.words()}
        title = fill(stack.proposal, all_words)
        branch = f"find-{module.entity}"
        made.append(Feature(branch, title, fill(stack.module_file, all_words), _tail(stack.feature, all_words), module))
    return made


def changelog(spec: ProjectSpec, releases: list[tuple[str, str, list[str]]]) -> str:
    """Releases are (version, day, lines), the newest last."""
    parts = [f"# Changes in {spec.name}\n"]
    for version, day, lines in reversed(releases):
        parts.append(f"## {version} ({day})\n\n" + "\n".join(f"- {line}" for line in lines) + "\n")
    return "\n".join(parts)


def _tail(text: str, words: dict[str, str]) -> str:
    return _SLOT.sub(lambda match: words[match[1]], text)


def _readme(spec: ProjectSpec) -> list[Growth]:
    modules = "\n".join(f"- `{each.name}`: every {each.entity}, with {', '.join(each.fields)}" for each in spec.modules)
    blocks = [
        (f"# {spec.name}\n\n{spec.description}.\n\n{spec.about}\n", "Say what this is for"),
        (f"\n## What is in it\n\n{modules}\n", "List the parts in the README"),
        (
            "\n## Getting help\n\nOpen an issue and say what you expected. We answer within a few days.\n",
            "Say where to ask",
        ),
    ]
    text, steps = "", []
    for block, message in blocks:
        text += block
        steps.append(Growth("README.md", text, message))
    return steps


def _contributing() -> list[Growth]:
    text = "# Contributing\n\nSmall changes are welcome at any time.\n\n1. Open an issue first for anything larger.\n"
    more = "2. Work on a branch and open a merge request.\n3. Ask somebody to review it.\n"
    return [
        Growth("CONTRIBUTING.md", text, "Add notes for contributors"),
        Growth("CONTRIBUTING.md", text + more, "Explain how changes get in"),
    ]


def _steps(file: SourceFile, words: dict[str, str], module: str) -> list[Growth]:
    """A file grows by blocks, which are what blank lines separate; at most seven steps."""
    path = fill(file.path, words)
    blocks = re.split(r"(?<=\n)(?=\n+\S)", fill(file.text, words))
    size = max(1, -(-len(blocks) // 7))
    steps = []
    for end in range(size, len(blocks) + size, size):
        added = "".join(blocks[end - size : end])
        content = "".join(blocks[:end]).rstrip("\n") + "\n"
        steps.append(Growth(path, content, _message(path, added, module, first=end == size)))
    return steps


def _message(path: str, added: str, module: str, *, first: bool) -> str:
    names = [name.strip() for name in _NAMED.findall(added)]
    short = path.rpartition("/")[2]
    if "test" in path:
        tests = [name.replace("test_", "").replace("_", " ") for name in names if name.startswith("test")]
        return f"Test {module}: {tests[0]}" if tests else f"Add tests for {module}"
    if first:
        return f"Start {module}" if module else f"Add {short}"
    if names:
        return f"Add {names[-1]} to {module or short}" if " " not in names[-1] else f"Write about: {names[-1].lower()}"
    return f"Extend {module or short}"
