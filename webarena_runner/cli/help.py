"""The end of `wa-run --help`: the selection grammar and examples."""

from webarena_runner.tasksets.selection import SELECTION_HELP

_EXAMPLES = """\
[bold]Examples[/bold]
  wa-run --model oracle --tasks smoke                no model, no sites needed
  wa-run --model llama3-vllm --tasks all --dry-run   what all tasks would take
  wa-run --model llama3-vllm --tasks 'site:shopping & sample:20' --workers 4
  wa-run --model openai-compatible --tasks mini \\
         -o model.options.base_url=http://127.0.0.1:8000/v1
  wa-run resume RUN                                  after Ctrl-C or a crash
  wa-run report RUN --html --open                    every step, in a browser
  wa-run leaderboard                                 all runs, the best first"""

# Rich takes [..] for markup.
EPILOG = f"[bold]--tasks EXPR[/bold]\n{SELECTION_HELP.replace('[', chr(92) + '[')}\n{_EXAMPLES}"
