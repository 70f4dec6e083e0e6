"""Records what libvisualwebarena's parser makes of action texts: tests/actions/visualwebarena.json.gz.

    python -m tests.tools.record_visual_actions PEER/bin/python

The texts are those of the official WebArena parser's record beside the checkout, and forms that only this one has.
"""

import gzip
import json
import subprocess
import sys
from pathlib import Path

from tests.support.action_records import recorded
from webarena_runner.browser.find import find_browser

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests" / "actions" / "visualwebarena.json.gz"
FORMS = [
    *("clear [4]", "clear[4]", "clear  [4]", "clear [a]", "clear [4] now", "clear 4", "Clear [4]", "clear"),
    *("upload [3] [x]", "upload [3] [/tmp/a.png] [0]", "upload [3] type [4] [y]", "upload [3] type [4] [y] [0]"),
    *(
        "scroll down",
        "scroll [up]",
        "scroll [down] a little",
        "scroll [direction=down]",
        "scroll",
        "scroll up and down",
    ),
    *("click [3] where [3]", "click [17]\nhover [3]", "type [2] [foo\nbar]", "type [2] [foo][1]"),
    *("type [2] [foo] [press_enter_after=0]", "press [Meta+a]", "press [Ctrl+v]", "press [ArrowDown]"),
    *("tab_focus [0]", "page_focus [1]", "new_tab []", "goto [http://x.example/a?b=[1]]", "goto http://x.example"),
    *("stop", "stop []", "stop [a\nb]", "stop [$12 | $13]", "note [x]", "", "   ", "[]"),
]


def main(python: str) -> None:
    texts = [*FORMS, *(record["input"] for record in recorded(ROOT.parent / "shared", "parse"))]
    texts = list(dict.fromkeys(texts))
    command = [python, str(ROOT / "bench" / "peer_som.py"), str(find_browser(None).path), "--no-sandbox"]
    answer = subprocess.run(command, input=json.dumps({"parse": texts}) + "\n", stdout=subprocess.PIPE, text=True)
    answer.check_returncode()
    pairs = list(zip(texts, json.loads(answer.stdout)["actions"], strict=True))
    FILE.write_bytes(gzip.compress(json.dumps(pairs).encode(), 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
