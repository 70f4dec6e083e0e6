"""What a check has found, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Level(StrEnum):
    """FAIL: what needs it cannot run."""

    OK = "OK"
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """`site` is "" for what concerns none, `instance` for the only one; `remedy` is "" when all is well."""

    check: str
    site: str
    instance: str
    level: Level
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Place:
    """A site of an instance, which its findings are of; `official` False: another application on purpose."""

    site: str
    url: str
    instance: str = ""
    official: bool = True

    def ok(self, check: str, found: str) -> Finding:
        return Finding(check, self.site, self.instance, Level.OK, found)

    def warning(self, check: str, found: str, remedy: str) -> Finding:
        return Finding(check, self.site, self.instance, Level.WARNING, found, remedy)

    def failure(self, check: str, found: str, remedy: str) -> Finding:
        return Finding(check, self.site, self.instance, Level.FAIL, found, remedy)


def failure_of(findings: Iterable[Finding]) -> str:
    """The first failure in words, with what to do; "" when there is none."""
    for finding in findings:
        if finding.level is Level.FAIL:
            return f"{finding.site}: {finding.found}; {finding.remedy}"
    return ""


def as_warning(finding: Finding) -> Finding:
    """For what nobody needs."""
    return replace(finding, level=Level.WARNING) if finding.level is Level.FAIL else finding
