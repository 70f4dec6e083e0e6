"""How a project came about: commits on the main line, merged branches, branches that are still open, releases."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.sites.codehost.seed.people import Person
from webarena_mini.sites.codehost.seed.reading import Common, ProjectSpec, SideWork, load_stack
from webarena_mini.sites.codehost.seed.sources import (
    Feature,
    Growth,
    changelog,
    features,
    fill,
    first_files,
    growths,
    words_of,
)

_MERGED_SHARE = 0.16
_RELEASE_EVERY = 17
_ROWS, _SECONDS = 16, 12
_LAST = TODAY - DAY_S


@dataclass(frozen=True)
class SeedCommit:
    """`parents` are places in the list of commits; a file of None is deleted."""

    sha: str
    author: Person
    message: str
    created_at: int
    parents: tuple[int, ...]
    files: dict[str, str]


@dataclass(frozen=True)
class SeedBranch:
    """Work that was proposed; `base` and `head` are places in the list of commits, `module` is what it is about."""

    name: str
    title: str
    author: Person
    base: int
    head: int
    created_at: int
    state: str
    module: str
    merged_at: int = 0
    merged_by: Person | None = None


@dataclass
class History:
    commits: list[SeedCommit] = field(default_factory=list)
    head: int = -1
    branches: list[SeedBranch] = field(default_factory=list)
    loose: dict[str, int] = field(default_factory=dict)
    tags: list[tuple[str, int]] = field(default_factory=list)
    content: dict[str, str] = field(default_factory=dict)
    version: str = "0.1.0"

    def commits_of(self, branch: SeedBranch) -> int:
        count, place = 0, branch.head
        while place != branch.base:
            count, place = count + 1, self.commits[place].parents[0]
        return count


def write_history(spec: ProjectSpec, team: list[Person], common: Common, random: Random) -> History:
    """What would go on after yesterday is written once more, from the same random numbers, at a faster pace."""
    state = random.getstate()
    slow = _Historian(spec, team, common, random, pace=1.0)
    history = slow.write()
    if slow.clock <= _LAST:
        return history
    random.setstate(state)
    return _Historian(spec, team, common, random, pace=(_LAST - slow.start) / (slow.clock - slow.start)).write()


class _Historian:
    """Writes the history of one project, from `start` to `clock`."""

    def __init__(self, spec: ProjectSpec, team: list[Person], common: Common, random: Random, *, pace: float) -> None:
        self._spec, self._team, self._common, self._random, self._pace = spec, team, common, random, pace
        self._weights = [person.activity * random.uniform(0.5, 1.5) for person in team]
        # Whoever leads a project has done most of it, so that the contributors have a clear first place.
        self._weights[0] = 1.3 * sum(self._weights[1:]) + 1.0
        self._stack = load_stack(spec.stack)
        self._words = words_of(spec, team[0].name, "0.1.0")
        self._history = History()
        self._releases: list[tuple[str, str, list[str]]] = []
        self._since_release: list[str] = []
        self._late = 0
        self.start = self.clock = self._unhurried = TODAY - random.randint(330, 700) * DAY_S

    def write(self) -> History:
        history, spec = self._history, self._spec
        history.head = self._commit(self._team[0], "Initial commit", first_files(spec, self._stack, self._words))
        steps = self._ordered(growths(spec, self._stack, self._words))
        pause = (TODAY - 2 * DAY_S - self.clock) / (0.82 * max(spec.commits, len(steps)))
        open_work: list[Feature | SideWork] = [*features(spec, self._stack, self._words), *self._side_work()]
        start_open = int(spec.commits * 0.86)
        while len(history.commits) < spec.commits or steps:
            self._wait(round(pause * self._random.uniform(0.4, 1.5)))
            self._unit(steps)
            if len(history.commits) >= start_open and open_work and self._random.random() < 0.4:
                self._propose(open_work.pop(self._random.randrange(len(open_work))))
        for work in self._random.sample(self._common.unfinished, 2):
            history.loose[work.branch] = self._branch_commit(work, self._author())
        return history

    def _ordered(self, rows: list[list[Growth]]) -> list[Growth]:
        """All steps; a file's own ones keep their order, and what is opened early is finished early."""
        queue: list[Growth] = []
        waiting = [list(row) for row in rows if row]
        while waiting:
            row = waiting[min(int(self._random.expovariate(0.7)), len(waiting) - 1)]
            queue.append(row.pop(0))
            waiting = [row for row in waiting if row]
        return queue

    def _unit(self, steps: list[Growth]) -> None:
        if len(self._since_release) >= _RELEASE_EVERY:
            self._release()
        elif self._random.random() < _MERGED_SHARE and len(self._history.commits) > 4:
            self._merged(steps, self._random.randint(1, 3))
        else:
            self._main(self._author(), self._next(steps))

    def _next(self, steps: list[Growth]) -> Growth:
        return steps.pop(0) if steps else self._new_row()

    def _new_row(self) -> Growth:
        """Finished projects go on collecting data."""
        module = self._random.choice(self._spec.modules)
        path = self._stack.data_file.replace("«module»", module.name)
        before = self._history.content.get(path, ",".join(module.fields) + "\n")
        # Drawn from as many as ever, so that more values in the lists change nothing else of this world.
        first = module.rows[self._random.randrange(_ROWS) % len(module.rows)]
        second = module.seconds[self._random.randrange(_SECONDS) % len(module.seconds)]
        row = f"{first},{second},{self._random.randint(2, 98) / 2}\n"
        return Growth(path, before + row, fill(self._stack.row, {**module.words(), "row": first}))

    def _main(self, author: Person, step: Growth) -> None:
        self._history.head = self._commit(author, step.message, {step.path: step.content}, self._history.head)
        self._since_release.append(step.message)

    def _merged(self, steps: list[Growth], count: int) -> None:
        history, author = self._history, self._author()
        base = tip = history.head
        first = self._next(steps)
        for number in range(count):
            step = self._next(steps) if number else first
            tip = self._commit(author, step.message, {step.path: step.content}, tip)
            self._wait(self._random.randint(600, 9000))
        created_at = self.clock
        self._wait(self._random.randint(3600, 2 * DAY_S))
        name = "-".join(re.sub(r"[^\w. -]", "", first.message.lower().replace("/", "-")).split()[:4])
        maintainer = self._team[0] if self._random.random() < 0.7 else self._author()
        message = f"Merge branch '{name}' into '{self._stack.default_branch}'\n\n{first.message}"
        history.head = self._commit(maintainer, message, {}, base, tip)
        history.branches.append(
            SeedBranch(
                name=name,
                title=first.message,
                author=author,
                base=base,
                head=tip,
                created_at=created_at,
                state="merged",
                module=self._module_of(first.path),
                merged_at=self.clock,
                merged_by=maintainer,
            )
        )
        self._since_release.append(first.message)

    def _propose(self, work: Feature | SideWork) -> None:
        """A branch with one commit that nobody has merged; some were turned down."""
        author = self._author()
        base = self._history.head
        head = self._branch_commit(work, author)
        state = "closed" if self._random.random() < 0.2 else "opened"
        module = work.module.name if isinstance(work, Feature) else self._random.choice(self._spec.modules).name
        if self._unhurried <= _LAST:
            created_at = self.clock + 1800
        else:
            # Work that was done earlier, proposed yesterday: the numbers of merge requests stay in this order.
            self._late += 1
            created_at = _LAST + 1800 * self._late
        self._history.branches.append(
            SeedBranch(work.branch, work.title, author, base, head, created_at, state, module)
        )

    def _branch_commit(self, work: Feature | SideWork, author: Person) -> int:
        if isinstance(work, Feature):
            content = self._history.content.get(work.path, "").rstrip("\n") + work.addition
        else:
            content = work.text
        kept = dict(self._history.content)
        head = self._commit(author, work.title, {work.path: content}, self._history.head)
        self._history.content = kept
        return head

    def _release(self) -> None:
        major, minor, _ = self._history.version.split(".")
        number = int(minor) + 1
        version = f"{int(major) + 1}.0.0" if number > 9 else f"{major}.{number}.0"
        day = datetime.fromtimestamp(self.clock, UTC).date().isoformat()
        notable = [line for line in self._since_release if not line.startswith("Add ") or " to " in line][:6]
        self._releases.append((version, day, notable or self._since_release[:3]))
        files = {"CHANGELOG.md": changelog(self._spec, self._releases)}
        for path, content in self._history.content.items():
            if self._history.version in content and path != "CHANGELOG.md":
                files[path] = content.replace(self._history.version, version)
        self._history.version = version
        self._history.head = self._commit(self._team[0], f"Release {version}", files, self._history.head)
        self._history.tags.append((f"v{version}", self._history.head))
        self._since_release = []

    def _commit(self, author: Person, message: str, files: dict[str, str], *parents: int) -> int:
        version = self._history.version
        stored = {
            path: text.replace("0.1.0", version) if path != "CHANGELOG.md" else text for path, text in files.items()
        }
        self._history.content.update(stored)
        place = len(self._history.commits)
        digest = hashlib.sha1(f"{self._spec.group}{self._spec.path}{place}{message}".encode(), usedforsecurity=False)
        self._history.commits.append(
            SeedCommit(digest.hexdigest(), author, message, self.clock, tuple(parents), stored)
        )
        return place

    def _wait(self, seconds: int) -> None:
        self._unhurried += seconds
        self.clock += round(seconds * self._pace)

    def _author(self) -> Person:
        return self._random.choices(self._team, self._weights)[0]

    def _side_work(self) -> list[SideWork]:
        return self._random.sample(self._common.side_work, 3)

    def _module_of(self, path: str) -> str:
        named = [module.name for module in self._spec.modules if module.name in path]
        return named[0] if named else self._spec.modules[0].name
