"""Runs in a Python that is to have the distribution named as its argument, and imports nothing of ours.

Prints its version. Ends with an error where it, or what it needs, is absent or lacks a file; importing them would take
seconds.
"""

import importlib.metadata
import re
import sys
from pathlib import Path


def main(name: str) -> None:
    found = importlib.metadata.distribution(name)
    needed = [re.match(r"[\w.-]+", each) for each in found.requires or () if "extra ==" not in each]
    for each in (name, *(match[0] for match in needed if match)):
        gone = [file for file in importlib.metadata.distribution(each).files or () if not Path(file.locate()).exists()]
        if gone:
            sys.exit(f"{each} lacks {gone[0]}")
    sys.stdout.write(found.version)


if __name__ == "__main__":
    main(sys.argv[1])
