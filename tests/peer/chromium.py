"""What every process with another project's package needs of this machine, without anything of the runner."""

import warnings
from typing import Any

from playwright.sync_api import Browser, BrowserType


def use_chromium(executable: str, arguments: list[str]) -> None:
    """Packages start Playwright's own Chromium; here they get the one that there is."""
    # The packages' type annotations are older than the libraries that they are installed with.
    warnings.simplefilter("ignore")
    launch = BrowserType.launch

    def launch_this(self: BrowserType, **options: Any) -> Browser:
        # BrowserGym wants scrollbars, which take room from the page.
        options.pop("ignore_default_args", None)
        own = {"executable_path": executable, "args": [*arguments, *(options.pop("args", None) or ())]}
        return launch(self, **{**own, **options})

    BrowserType.launch = launch_this  # type: ignore[method-assign]


def tokenize_without_data() -> None:
    """NLTK wants data from the network for splitting sentences, which a text of a few words is as good without."""
    from functools import partial

    import nltk
    from nltk.tokenize import word_tokenize

    try:
        word_tokenize("a")
    except LookupError:
        # BrowserGym looks for the data as it is imported, and downloads it where it is not there.
        nltk.data.find = lambda *_, **__: ""
        from webarena.evaluation_harness import evaluators

        evaluators.word_tokenize = partial(word_tokenize, preserve_line=True)


def in_lines(side: object) -> None:
    """Reads `{"do": NAME, ...}` a line, and answers each with what that method of the side gives, or its error."""
    import json
    import sys
    import traceback

    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = getattr(side, asked.pop("do"))(**asked)
        except Exception as error:  # noqa: BLE001 - whatever the package raises is what the test wants to see
            answer = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)
