"""What evidence needs besides what the page showed: the site URLs that the check names, so that it scores offline."""

from webarena_runner.errors import SiteError
from webarena_runner.interfaces import EpisodeEnd
from webarena_runner.official.notation import named_sites
from webarena_runner.types import Check


def urls_named(check: Check, end: EpisodeEnd) -> dict[str, str]:
    """URLs of the sites whose placeholders occur in the check.

    Raises:
        SiteError: the episode has no URL for one of them.
    """
    sites = sorted(named_sites(check.model_dump_json()))
    missing = [site for site in sites if site not in end.urls]
    if missing:
        raise SiteError(
            f"task {end.task.task_id} of {end.task.task_set}: its {check.kind} check names {', '.join(missing)}, "
            f"but the episode has URLs only for {', '.join(sorted(end.urls)) or 'no site'}"
        )
    return {site: end.urls[site] for site in sites}
