"""All of the applications in one folder: made once, started on their ports, put back to their first state."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.realsites import kiwix, mediawiki, oscar
from tests.realsites.application import Application, free_port

HERE = Path(__file__).parent
TASKS = HERE / "tasks.json"
MAKERS = {"kiwix": kiwix.make, "mediawiki": mediawiki.make, "oscar": oscar.make}
SITES = ("wikipedia", "reddit", "shopping", "shopping_admin")
# Both set the cookie `csrftoken`, which pages may read, so that nothing can keep it apart on one host name.
HOSTS = {"shopping_admin": "localhost"}
ACCOUNTS = {"reddit": mediawiki.ACCOUNT, "shopping": oscar.CUSTOMER, "shopping_admin": oscar.STAFF}


@dataclass(frozen=True)
class RealSites:
    """`folder` holds `pristine/`, which they begin with, `live/`, and the ports."""

    folder: Path
    ports: Mapping[str, int]

    @property
    def applications(self) -> Mapping[str, Application]:
        live = self.folder / "live"
        found = (
            kiwix.served(live / "kiwix", self.ports["wikipedia"]),
            mediawiki.served(live / "mediawiki", self.ports["reddit"]),
            oscar.served(live / "oscar", self.ports["shopping"]),
            oscar.served(live / "oscar", self.ports["shopping_admin"], site="shopping_admin", path="/dashboard"),
        )
        return {application.site: application for application in found}

    @property
    def urls(self) -> dict[str, str]:
        return {
            site: application.url.replace("127.0.0.1", HOSTS.get(site, "127.0.0.1"))
            for site, application in self.applications.items()
        }

    def reset(self) -> None:
        """Stops all, puts back what they begin with, and starts them."""
        self.stop()
        shutil.rmtree(self.folder / "live", ignore_errors=True)
        shutil.copytree(self.folder / "pristine", self.folder / "live")
        for application in self.applications.values():
            application.start()

    def stop(self) -> None:
        for application in self.applications.values():
            application.stop()

    @property
    def reset_command(self) -> str:
        return f"cd {HERE.parents[1]} && {sys.executable} -m tests.realsites reset {self.folder.resolve()}"

    def sites_file(self, *, reset: str = "", **options: Any) -> Path:
        """That of this folder with the URLs of now; `reset` is the command that resets all."""
        spec = yaml.safe_load((HERE / "sites.yaml").read_text())
        spec["options"] |= {"urls": self.urls, **options}
        if reset:
            spec["options"]["reset"] = {"method": "command", "command": reset, "whole": True, "limit_s": "2m"}
        path = self.folder / "sites.yaml"
        path.write_text(yaml.safe_dump(spec, sort_keys=False))
        return path


def environ() -> dict[str, str]:
    """The accounts, in the variables that the sites file names."""
    return {
        f"OWN_{site.upper()}_{part}": value
        for site, account in ACCOUNTS.items()
        for part, value in zip(("USER", "PASSWORD"), account, strict=True)
    }


def in_folder(folder: Path) -> RealSites:
    """Makes what is not there yet, each application whole or not at all, and chooses free ports the first time."""
    for name, maker in MAKERS.items():
        made, partial = folder / "pristine" / name, folder / "pristine" / f"{name}.partial"
        if not made.exists():
            shutil.rmtree(partial, ignore_errors=True)
            maker(partial)
            partial.rename(made)
    ports = folder / "ports.json"
    if not ports.exists():
        ports.write_text(json.dumps({site: free_port() for site in SITES}))
    return RealSites(folder, json.loads(ports.read_text()))


@contextmanager
def running(folder: Path) -> Iterator[RealSites]:
    """From their first state, until the block ends."""
    sites = in_folder(folder)
    try:
        sites.reset()
        yield sites
    finally:
        sites.stop()


def default_folder() -> Path:
    """Where they are made, unless SITES_FOLDER names another place."""
    return Path(os.environ.get("SITES_FOLDER", HERE.parents[1] / ".venv-sites" / "applications"))
