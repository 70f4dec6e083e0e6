"""The end of `wa-run --help`: the selection grammar and examples."""

from webarena_runner.tasksets.selection import SELECTION_HELP

_EXAMPLES = """\
[bold]Examples[/bold]
  wa-run --model oracle --tasks smoke                 a first run; needs no model and no sites
  wa-run --model llama3-vllm --tasks all --dry-run    what the whole benchmark would take
  wa-run --model llama3-vllm --tasks 'site:shopping & sample:20' --workers 4
  wa-run --model llama3-vllm -o model.options.base_url=http://127.0.0.1:8000/v1 --tasks mini
  wa-run resume results/RUN                           go on after Ctrl-C or a crash"""

# Rich takes [..] for markup.
EPILOG = f"[bold]--tasks EXPR[/bold]\n{SELECTION_HELP.replace('[', chr(92) + '[')}\n{_EXAMPLES}"
