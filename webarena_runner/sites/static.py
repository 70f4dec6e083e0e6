"""Sites given by URL that all episodes share."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from webarena_runner.interfaces import SiteSetup
from webarena_runner.sites.shared import SharedSites
from webarena_runner.sites.url_options import UrlOptions, how_to_give, instances_of, urls_beside


class StaticSites(SharedSites):
    """The official sites where they already run, in one copy or several."""

    Options = UrlOptions

    @classmethod
    def build(cls, setup: SiteSetup) -> Self:
        """Raises ConfigError when a variable that the options name is not set."""
        return cls(
            instances_of(setup.options, setup.environ),
            label="static",
            new_context=setup.new_context,
            outages=setup.outages,
            resetting=setup.resetting,
            on_event=setup.on_event,
        )

    @classmethod
    def serves(cls, options: UrlOptions) -> frozenset[str]:
        """Those with a URL."""
        return frozenset(site for copy in options.copies for site in copy.urls)

    @classmethod
    def copies(cls, options: UrlOptions) -> list[frozenset[str]]:
        """One for each instance."""
        return [frozenset(copy.urls) for copy in options.copies]

    @classmethod
    def addresses(cls, options: UrlOptions, sites: Sequence[str]) -> list[str]:
        """Those of these sites, and the addresses that their pages need, as far as all copies have them."""
        reached = [
            dict.fromkeys((*(copy.urls[site] for site in sites if site in copy.urls), *options.more_urls_of(copy)))
            for copy in options.copies
        ]
        return [url for url in reached[0] if all(url in others for others in reached)]

    @classmethod
    def images_of(cls, options: UrlOptions) -> str:
        """What the sites file says."""
        return options.images

    @classmethod
    def lacking(cls, missing: Mapping[str, int], tasks: int) -> str:
        """Says how to give the URLs."""
        return how_to_give(missing, tasks)

    @classmethod
    def options_from(cls, environ: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
        """The sites' URLs, from variables such as SHOPPING, where there is one copy of the sites."""
        return urls_beside(given, environ)
