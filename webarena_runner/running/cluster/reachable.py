"""Addresses that only one machine has, in a run on several."""

from collections.abc import Sequence

from webarena_runner.errors import ConfigError
from webarena_runner.models.shared.wire import is_local
from webarena_runner.running.cluster.by_url import is_by_url, options_of
from webarena_runner.running.cluster.connecting import Node
from webarena_runner.running.cluster.hosts import parts_of
from webarena_runner.settings.records import RunConfig
from webarena_runner.sites.providers import known_urls, served_sites


def require_reachable(config: RunConfig, nodes: Sequence[Node], *, environment: str) -> None:
    """Raises ConfigError for a model or sites at an address of the loopback, where there is more than one machine."""
    hosts = {node.host for node in nodes}
    if len(hosts) < 2:
        return
    parts = parts_of(config, environment=environment)
    found = list[str]()
    if config.model and not parts.model and is_by_url(config.model):
        given = options_of(config.model).base_url
        found += [given] if isinstance(given, str) else given
    if parts.sites:
        found += known_urls(config.sites, served_sites(config.sites)) or []
    local = [address for address in found if is_local(address)]
    if local:
        raise ConfigError(
            f"{', '.join(local[:3])}: each of the {len(hosts)} machines has another 127.0.0.1; give addresses that all "
            "nodes of the cluster reach, such as http://HOST:PORT"
        )
