"""Writes one project into the database: history, milestones, labels, issues, merge requests."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from webarena_mini.kit.clock import DAY_S, TODAY
from webarena_mini.kit.database import execute, insert
from webarena_mini.sites.codehost.domain.access import Role
from webarena_mini.sites.codehost.domain.text import amount, day_text, labelled
from webarena_mini.sites.codehost.seed.history import write_history
from webarena_mini.sites.codehost.seed.milestones import PLANNED, SeedMilestone, fitting, make_milestones
from webarena_mini.sites.codehost.seed.people import Person
from webarena_mini.sites.codehost.seed.reading import Common, ProjectSpec, load_talk
from webarena_mini.sites.codehost.seed.talk import SeedIssuable, Talker


class ProjectFiller:
    """`team` are those who write code, its leader first; `project_id` is 0 until `fill` has run."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        spec: ProjectSpec,
        team: list[Person],
        people: list[Person],
        common: Common,
        random: Random,
    ) -> None:
        self._connection, self._spec, self._team, self._people = connection, spec, team, people
        self._common, self._random = common, random
        self._history = write_history(spec, team, common, random)
        self._branch = "main"
        self._blobs: dict[str, int] = {}
        self._commit_ids: list[int] = []
        self._plan: list[SeedMilestone] = []
        self.project_id = 0

    def fill(self, namespace_id: int, default_branch: str) -> None:
        self._branch = default_branch
        self.project_id = self._project(namespace_id, forked_from_id=None)
        self._commit_ids = self._commits(self.project_id)
        self._refs(self.project_id, self._commit_ids)
        milestone_ids = self._milestones()
        label_ids = self._labels()
        everybody = self._people if self._spec.visibility == "public" else self._people[:1]
        talker = Talker(self._spec, self._history, self._team, everybody, self._random)
        for kind, made in (
            ("issue", talker.issues(PLANNED)),
            ("merge_request", talker.merge_requests(PLANNED)),
        ):
            for iid, each in enumerate(made, 1):
                self._issuable(kind, iid, each, milestone_ids, label_ids)
        newest = "(select max(created_at) from events where project_id = ?1)"
        execute(self._connection, f"update projects set active_at = {newest} where id = ?1", self.project_id)

    def fork(self, namespace_id: int, owner: Person) -> None:
        """A copy without issues, for somebody else."""
        fork_id = self._project(namespace_id, forked_from_id=self.project_id)
        self._refs(fork_id, self._commits(fork_id))
        # It has everything that there was, so it cannot be older than that.
        newest = max(commit.created_at for commit in self._history.commits) + 3600
        created_at = max(newest, TODAY - self._random.randint(5, 150) * DAY_S)
        insert(
            self._connection,
            "project_members",
            project_id=fork_id,
            user_id=owner.user_id,
            role=Role.OWNER.value,
            created_at=created_at,
        )
        dates = "update projects set created_at = ?1, active_at = ?1 where id = ?2"
        execute(self._connection, dates, created_at, fork_id)

    def _project(self, namespace_id: int, *, forked_from_id: int | None) -> int:
        spec, commits = self._spec, self._history.commits
        return insert(
            self._connection,
            "projects",
            namespace_id=namespace_id,
            path=spec.path,
            name=spec.name,
            description=spec.description,
            visibility=spec.visibility,
            default_branch=self._branch,
            topics=", ".join(spec.topics),
            forked_from_id=forked_from_id,
            created_at=commits[0].created_at - 600,
            active_at=commits[-1].created_at,
        )

    def _commits(self, project_id: int) -> list[int]:
        ids: list[int] = []
        for commit in self._history.commits:
            commit_id = insert(
                self._connection,
                "commits",
                project_id=project_id,
                sha=commit.sha,
                author_id=commit.author.user_id,
                author_name=commit.author.name,
                author_email=commit.author.email,
                message=commit.message,
                created_at=commit.created_at,
            )
            ids.append(commit_id)
            for place, parent in enumerate(each for each in commit.parents if each >= 0):
                insert(self._connection, "commit_parents", commit_id=commit_id, parent_id=ids[parent], place=place)
            for path, content in commit.files.items():
                insert(self._connection, "changes", commit_id=commit_id, path=path, blob_id=self._blob(content))
        return ids

    def _blob(self, content: str) -> int:
        if content not in self._blobs:
            self._blobs[content] = insert(self._connection, "blobs", content=content)
        return self._blobs[content]

    def _refs(self, project_id: int, ids: list[int]) -> None:
        heads = {self._branch: self._history.head, **self._history.loose}
        heads |= {branch.name: branch.head for branch in self._history.branches if branch.state != "merged"}
        for name, place in heads.items():
            insert(self._connection, "branches", project_id=project_id, name=name, commit_id=ids[place])
        for name, place in self._history.tags:
            insert(
                self._connection,
                "tags",
                project_id=project_id,
                name=name,
                commit_id=ids[place],
                message=f"{self._spec.name} {name.removeprefix('v')}",
                created_at=self._history.commits[place].created_at + 60,
            )

    def _milestones(self) -> list[int]:
        self._plan = make_milestones(self._spec, self._history, self._common.milestones, self._random)
        return [
            insert(
                self._connection,
                "milestones",
                project_id=self.project_id,
                iid=iid,
                title=each.title,
                description=each.text,
                state="closed" if each.closed else "active",
                start_date=_day(each.start),
                due_date=_day(each.end),
                created_at=each.start - 5 * DAY_S,
            )
            for iid, each in enumerate(self._plan, 1)
        ]

    def _labels(self) -> dict[str, int]:
        labels: dict[str, Any] = load_talk()["labels"]
        return {
            name: insert(
                self._connection,
                "labels",
                project_id=self.project_id,
                name=name,
                color=color,
                description=description,
            )
            for name, (color, description) in labels.items()
        }

    def _issuable(
        self, kind: str, iid: int, made: SeedIssuable, milestone_ids: list[int], label_ids: dict[str, int]
    ) -> None:
        branch = made.branch
        done = branch is not None and branch.state != "opened"
        place = None if made.milestone is None else fitting(self._plan, made.milestone, made.closed_at)
        last = made.closed_at or (made.notes[-1].created_at if made.notes else made.created_at)
        issuable_id = insert(
            self._connection,
            "issuables",
            kind=kind,
            project_id=self.project_id,
            iid=iid,
            title=made.title,
            description=made.description,
            author_id=made.author.user_id,
            state=made.state,
            milestone_id=None if place is None else milestone_ids[place],
            due_date=_day(made.due_day) if made.due_day else "",
            source_branch=branch.name if branch else "",
            target_branch=self._branch if branch else "",
            source_project_id=self.project_id if branch else None,
            base_commit_id=self._commit_ids[branch.base] if branch and done else None,
            head_commit_id=self._commit_ids[branch.head] if branch and done else None,
            created_at=made.created_at,
            updated_at=last,
            closed_at=made.closed_at,
        )
        self._around(issuable_id, made, label_ids, None if place is None else self._plan[place])

    def _around(
        self, issuable_id: int, made: SeedIssuable, label_ids: dict[str, int], milestone: SeedMilestone | None
    ) -> None:
        for name in dict.fromkeys(made.labels):
            insert(self._connection, "issuable_labels", issuable_id=issuable_id, label_id=label_ids[name])
        for table, person, reason in (
            ("assignees", made.assignee, "assigned"),
            ("reviewers", made.reviewer, "review_requested"),
        ):
            if person:
                insert(self._connection, table, issuable_id=issuable_id, user_id=person.user_id)
                self._remind(issuable_id, made, person, reason)
        said = [(note.created_at, note.author, note.body, 0) for note in made.notes]
        for created_at, author, body, system in sorted(
            [*said, *self._sorting(made, milestone)], key=lambda note: note[0]
        ):
            insert(
                self._connection,
                "notes",
                issuable_id=issuable_id,
                author_id=author.user_id,
                body=body,
                system=system,
                created_at=created_at,
            )
        for person in self._random.sample(self._people[1:], made.thumbs):
            insert(self._connection, "awards", issuable_id=issuable_id, user_id=person.user_id, thumb="up")
        if made.state != "opened" and made.closed_at:
            closer = made.branch.merged_by if made.branch and made.branch.merged_by else self._team[0]
            insert(
                self._connection,
                "notes",
                issuable_id=issuable_id,
                author_id=closer.user_id,
                body=made.state,
                system=1,
                created_at=made.closed_at,
            )

    def _sorting(self, made: SeedIssuable, milestone: SeedMilestone | None) -> Iterator[tuple[int, Person, str, int]]:
        """What was done to an issue or a merge request before the last comment: system notes."""
        sorter = made.author if made.author in self._team else self._team[len(made.title) % len(self._team)]
        deeds = []
        if made.branch:
            deeds.append(f"added {amount(self._history.commits_of(made.branch), 'commit')}")
        if made.labels:
            deeds.append(labelled(dict.fromkeys(made.labels)))
        if made.assignee:
            deeds.append(f"assigned to @{made.assignee.username}")
        if made.reviewer:
            deeds.append(f"requested review from @{made.reviewer.username}")
        if milestone and milestone.start <= made.created_at:
            deeds.append(f"changed the milestone to {milestone.title}")
        if made.due_day:
            deeds.append(f"changed the due date to {day_text(_day(made.due_day))}")
        until = made.notes[-1].created_at if made.notes else made.closed_at or TODAY
        step = max(2, min(1200, (until - made.created_at) // (len(deeds) + 2)))
        for number, deed in enumerate(deeds, 1):
            yield min(made.created_at + number * step, until - 1), sorter, deed, 1

    def _remind(self, issuable_id: int, made: SeedIssuable, person: Person, reason: str) -> None:
        if person.user_id == 1 and made.author is not person and made.state == "opened":
            insert(
                self._connection,
                "todos",
                user_id=1,
                author_id=made.author.user_id,
                issuable_id=issuable_id,
                reason=reason,
                created_at=made.created_at + 60,
            )


def _day(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).date().isoformat()
