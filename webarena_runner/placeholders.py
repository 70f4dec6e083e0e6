"""The `__SITE__` placeholders of official task files."""

from collections.abc import Mapping

from webarena_runner.errors import ConfigError
from webarena_runner.siteurls import SITES


def placeholder(site: str) -> str:
    return f"__{site.upper()}__"


def render(text: str, urls: Mapping[str, str]) -> str:
    """`text` with each site's placeholder replaced by its URL, as the official set-up script does over the whole file.

    Raises:
        ConfigError: `text` needs a site that has no URL.
    """
    for site in SITES:
        if placeholder(site) not in text:
            continue
        if site not in urls:
            raise ConfigError(f"{text[:80]!r} needs the site {site!r}, which has no URL; set {site.upper()}=http://...")
        text = text.replace(placeholder(site), urls[site])
    return text
