"""What evidence needs besides what the page showed: the site URLs that the check names, so that it scores offline."""

from collections.abc import Mapping

from pydantic import BaseModel

from webarena_runner.errors import EvidenceMissing, SiteError
from webarena_runner.interfaces import EpisodeEnd
from webarena_runner.official.sites import named_sites


def urls_named(kind: str, spec: BaseModel, end: EpisodeEnd) -> dict[str, str]:
    """URLs of the sites whose placeholders occur in the spec of a check of this kind.

    Raises:
        SiteError: the episode has no URL for one of them.
    """
    urls, sites = end.lease.urls, sorted(named_sites(spec.model_dump_json()))
    missing = [site for site in sites if site not in urls]
    if missing:
        raise SiteError(
            f"task {end.task.task_id} of {end.task.task_set}: its {kind} check names {', '.join(missing)}, "
            f"but the episode has URLs only for {', '.join(sorted(urls)) or 'no site'}"
        )
    return {site: urls[site] for site in sites}


def urls_recalled(kind: str, spec: BaseModel, urls: Mapping[str, str]) -> dict[str, str]:
    """The same of a past episode, whose sites had these `urls`.

    Raises:
        EvidenceMissing: it had no such site.
    """
    sites = sorted(named_sites(spec.model_dump_json()))
    if missing := [site for site in sites if site not in urls]:
        raise EvidenceMissing(f"{kind}: its check names {', '.join(missing)}, which the episode had no URL of")
    return {site: urls[site] for site in sites}
