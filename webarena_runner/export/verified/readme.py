"""What to do with an exported folder, for whoever finds it."""

from collections.abc import Sequence

from webarena_runner import __version__
from webarena_runner.report.summary import RunReport

VERSION = "1.2.3"
_SHOWN = 50


def readme(report: RunReport, trial: int, planned: int, written: int, left_out: Sequence[str]) -> str:
    """Markdown; names and reasons are of our own making, and stand in code."""
    missing = "".join(f"- `{_plain(each)}`\n" for each in left_out[:_SHOWN])
    if len(left_out) > _SHOWN:
        missing += f"- and {len(left_out) - _SHOWN} more\n"
    manifest = report.manifest
    return f"""# Run `{_plain(report.run_id)}`, trial {trial}, for webarena-verified {VERSION}

`{_plain(manifest.model)}` on `{_plain(manifest.task_set)}`, profile `{_plain(manifest.profile)}`; written by
webarena-runner {__version__}. {written} of {planned} planned tasks are here.

```sh
python3 -m venv verified
verified/bin/pip install webarena-verified=={VERSION}
verified/bin/webarena-verified eval-tasks --config config.json --output-dir .
```

`eval_results.json` has the verdicts then, `N/eval_result.json` why. `config.json` names the addresses that stand in the
network logs; webarena-verified makes do with guesses without it.

- A task that is not here is skipped there, and not in its totals: count it as not passed.
- Responses of agents that do not answer in webarena-verified's JSON are made from their plain answers, by a heuristic.
- webarena-verified's tasks are reworded and checked in another way: its numbers are not WebArena's.
{f"{chr(10)}Not here:{chr(10)}{chr(10)}{missing}" if missing else ""}"""


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
