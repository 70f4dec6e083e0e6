"""Issues, merge requests and what is said about them."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.kit.grammar import Speech
from webarena_mini.sites.codehost.seed.history import History, SeedBranch
from webarena_mini.sites.codehost.seed.people import Person
from webarena_mini.sites.codehost.seed.reading import Module, ProjectSpec, load_talk

_COMMON_ISSUES = 14
_CODE = ("python", "javascript", "rust", "go")
_EXTRA_LABELS = ("good first issue", "help wanted", "needs information", "priority: high")


@dataclass(frozen=True)
class SeedNote:
    author: Person
    body: str
    created_at: int


@dataclass
class SeedIssuable:
    """An issue, or with `branch` a merge request; `milestone` is a place in the project's list, or None."""

    title: str
    description: str
    author: Person
    created_at: int
    state: str = "opened"
    closed_at: int | None = None
    labels: list[str] = field(default_factory=list)
    assignee: Person | None = None
    reviewer: Person | None = None
    milestone: int | None = None
    due_day: int = 0
    notes: list[SeedNote] = field(default_factory=list)
    thumbs: int = 0
    branch: SeedBranch | None = None


class Talker:
    """Writes the issues and merge requests of one project; `team` leads with the owner."""

    def __init__(
        self, spec: ProjectSpec, history: History, team: list[Person], everybody: list[Person], random: Random
    ) -> None:
        self._spec, self._history, self._team, self._everybody, self._random = spec, history, team, everybody, random
        self._talk: dict[str, Any] = load_talk()
        if spec.stack not in _CODE:
            other = self._talk["dots" if spec.stack == "dots" else "prose"]
            both = {part: {**self._talk[part], **other[part]} for part in ("notes", "voices")}
            self._talk = {**self._talk, **both, "bodies": other["bodies"], "common": other["common"]}
        self._start = history.commits[0].created_at + 5 * DAY_S

    def issues(self, milestones: int) -> list[SeedIssuable]:
        titles = [tuple(line.split(": ", 1)) for line in self._spec.issues]
        common = [(kind, pattern) for kind, patterns in self._talk["common"].items() for pattern in patterns]
        if self._spec.visibility == "public":
            titles += self._random.sample(common, _COMMON_ISSUES)
        self._random.shuffle(titles)
        span = TODAY - self._start - DAY_S
        times = sorted(self._start + round(span * self._random.random() ** 0.6) for _ in titles)
        made = [self._issue(kind, title, at, milestones) for (kind, title), at in zip(titles, times, strict=True)]
        return list({issue.title: issue for issue in made}.values())

    def merge_requests(self, milestones: int) -> list[SeedIssuable]:
        made = [self._merge_request(branch, milestones) for branch in self._history.branches]
        return sorted(made, key=lambda each: each.created_at)

    def _issue(self, kind: str, pattern: str, created_at: int, milestones: int) -> SeedIssuable:
        random = self._random
        module = random.choice(self._spec.modules)
        speech = self._speech(module, created_at)
        author = self._somebody()
        issue = SeedIssuable(
            speech.say(pattern), speech.say(random.choice(self._talk["bodies"][kind])), author, created_at
        )
        age_days = (TODAY - created_at) / DAY_S
        issue.labels = [kind] if random.random() < 0.86 else []
        issue.labels += [name for name in _EXTRA_LABELS if random.random() < 0.12]
        if random.random() < 0.45:
            issue.assignee = self._team_member()
        if milestones and random.random() < 0.4:
            issue.milestone = random.randrange(milestones)
        if random.random() < 0.15:
            issue.due_day = TODAY + random.randint(3, 90) * DAY_S
        self._discuss(issue, kind, speech, random.choice((0, 0, 1, 1, 2, 2, 3, 4, 6)))
        if random.random() < min(0.75, age_days / 420):
            last = issue.notes[-1].created_at if issue.notes else created_at
            issue.state, issue.closed_at = "closed", min(last + random.randint(1, 20) * DAY_S, TODAY - 3600)
            if issue.due_day:
                issue.due_day += created_at - TODAY
            if random.random() < 0.08:
                issue.labels.append("wontfix")
        issue.thumbs = random.choice((0, 0, 0, 1, 1, 2, 3, 5, 8))
        return issue

    def _merge_request(self, branch: SeedBranch, milestones: int) -> SeedIssuable:
        random = self._random
        module = next(each for each in self._spec.modules if each.name == branch.module)
        speech = self._speech(module, branch.created_at)
        body = speech.say(random.choice(self._talk["merges"]["body"]))
        made = SeedIssuable(branch.title, body, branch.author, branch.created_at, state=branch.state, branch=branch)
        others = [person for person in self._team if person is not branch.author]
        made.reviewer = random.choice(others) if others and random.random() < 0.75 else None
        made.assignee = random.choice(self._team) if random.random() < 0.6 else None
        made.labels = [random.choice(("feature", "task", "docs"))] if random.random() < 0.6 else []
        if milestones and random.random() < 0.25:
            made.milestone = random.randrange(milestones)
        until = branch.merged_at or min(branch.created_at + 20 * DAY_S, TODAY - 3600)
        self._discuss(made, "merge", speech, random.choice((0, 1, 1, 2, 3)), until=until)
        if branch.state != "opened":
            made.closed_at = until
        return made

    def _discuss(self, made: SeedIssuable, kind: str, speech: Speech, count: int, *, until: int = TODAY - 3600) -> None:
        random = self._random
        patterns = random.sample(self._talk["notes"][kind], min(count, len(self._talk["notes"][kind])))
        span = max(600, min(until - made.created_at - 60, 30 * DAY_S))
        times = sorted(made.created_at + 30 + round(span * random.random() ** 2) for _ in patterns)
        for pattern, created_at in zip(patterns, times, strict=True):
            author = self._team_member() if random.random() < 0.6 else self._somebody()
            body = self._in_voice(kind, pattern, speech, author, made)
            made.notes.append(SeedNote(author, body, created_at))

    def _in_voice(self, kind: str, pattern: str, speech: Speech, author: Person, made: SeedIssuable) -> str:
        """The sentence, or one that fits better to whoever says it."""
        body = speech.say(pattern)
        voices, everything = self._talk["voices"][kind], self._talk["notes"][kind]
        said = {note.body for note in made.notes}
        if author is made.author:
            fitting = voices["author"] if said else self._talk["openings"][kind]
        else:
            others = voices["author"] if author in self._team else [*voices["author"], *voices["team"]]
            fitting = [each for each in [*everything, *voices["more"]] if each not in others]
        if pattern in fitting and body not in said:
            return body
        # With random numbers of its own: this choice must not change what comes after it.
        spare = Speech(speech.words, Random(made.title), dict(speech.bound))
        turn = len(made.notes) % len(fitting)
        bodies = [spare.say(each) for each in fitting[turn:] + fitting[:turn]]
        return next((each for each in bodies if each not in said), bodies[0])

    def _speech(self, module: Module, at: int) -> Speech:
        """Sentences name things as they are in this project, and as they were at that time."""
        name = module.name.replace("_", " ")
        version = self._random.choice([tag for tag, _ in self._history.tags[-3:]] or ["v0.1.0"])
        known = [tag for tag, place in self._history.tags if self._history.commits[place].created_at <= at]
        if version not in known:
            version = known[-1] if known else "v0.1.0"
        words = {**self._talk["words"], "module": [name], "version": [version]}
        return Speech(words, self._random)

    def _team_member(self) -> Person:
        return self._random.choices(self._team, [person.activity for person in self._team])[0]

    def _somebody(self) -> Person:
        return self._random.choices(self._everybody, [person.activity for person in self._everybody])[0]
