"""WebArena-Verified: the 812 tasks with checks of the agent's JSON answer and of the network log."""

from collections.abc import Mapping
from functools import partial

from webarena_runner.official.families import VERIFIED
from webarena_runner.official.node import Node
from webarena_runner.official.sites import LOGIN_FORMS
from webarena_runner.tasksets.content import Content
from webarena_runner.tasksets.published import PublishedSet
from webarena_runner.tasksets.records import (
    Evaluators,
    Faults,
    Form,
    ReadCheck,
    ReadTasks,
    check_address,
    read_check,
    tasks_of,
)

# The package's names for them, and ours.
KINDS: Mapping[str, str] = {
    "AgentResponseEvaluator": "agent_response",
    "NetworkEventEvaluator": "network_event",
}


class WebArenaVerified(PublishedSet):
    family = VERIFIED

    def read(self, content: Content, file: str) -> ReadTasks:
        return tasks_of(content, file, self.name, VerifiedForm())


class VerifiedForm(Form):
    """Addresses in a list, no word of log-in, and checks that name the package's evaluators."""

    def start_urls(self, node: Node) -> tuple[str, ...]:
        return tuple(check_address(url, url.filled_text()) for url in node.key("start_urls").items())

    def login_sites(self, node: Node) -> tuple[str, ...]:
        """All sites of a task that have accounts, as BrowserGym does."""
        return tuple(site for site in node.key("sites").texts() if site in LOGIN_FORMS)

    def checks(self, evaluation: Node, evaluators: Evaluators, faults: Faults) -> list[ReadCheck]:
        checks = list(evaluation.items())
        if not checks:
            raise evaluation.wrong("a list of at least one check")
        read = [faults.unless(partial(_check, check, evaluators), None) for check in checks]
        return [check for check in read if check is not None]


def _check(check: Node, evaluators: Evaluators) -> ReadCheck:
    named = check.key("evaluator")
    if (kind := KINDS.get(named.text())) is None:
        raise named.wrong(f"one of {', '.join(KINDS)}")
    return read_check(check, Node(named.where, named.path, kind), evaluators)
