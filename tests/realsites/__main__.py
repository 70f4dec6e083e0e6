"""`python -m tests.realsites up | reset | down [FOLDER]`: the real applications, to run tasks on them by hand."""

import sys
from pathlib import Path

from tests.realsites.all_sites import TASKS, default_folder, environ, in_folder


def main(command: str, folder: Path) -> None:
    sites = in_folder(folder)
    match command:
        case "up":
            sites.reset()
            file = sites.sites_file(reset=sites.reset_command)
            print("\n".join(f"export {name}='{value}'" for name, value in environ().items()))
            print(f"wa-run --model oracle --task-set {TASKS} --sites {file}")
        case "reset":
            sites.reset()
        case "down":
            sites.stop()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "", Path(sys.argv[2]) if len(sys.argv) > 2 else default_folder())
