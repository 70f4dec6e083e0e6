"""webarena-runner: runs the WebArena family of benchmarks and writes a leaderboard row."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webarena_runner.actions.reference import ReferenceAction
    from webarena_runner.types import Action, Task

__version__ = "0.1.0"


def parse_action(text: str, profile: str = "webarena") -> "Action":
    """The action that a text such as `click [12]` stands for; `Invalid` with a reason when it is none.

    The text is what stands between the splitters of a reply. `profile` is the name or path of a profile file, whose
    `actions` section says which action set and which syntax.

    Raises:
        ConfigError: there is no such profile, or it is malformed.
    """
    from webarena_runner.actions.read import read_action
    from webarena_runner.settings.profiles import load_actions

    return read_action(text, load_actions(profile))


def reference_plan(task: "Task") -> "tuple[ReferenceAction, ...]":
    """The actions that do a task, as its record lists them, by role and name of elements.

    `webarena_runner.gym.ReferencePlayer` turns them into action texts on the pages that an environment shows.

    Raises:
        TaskFileError: the record lists none, or malformed ones.
    """
    from webarena_runner.actions.reference import reference_plan as plan

    return plan(task)
