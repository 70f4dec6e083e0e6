"""What BrowserGym's port of WebArena would say of a past run: it evaluates after every action, not once at the end."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from webarena_runner.errors import EvidenceMissing, SiteError, StoreError
from webarena_runner.evaluators.combine import evaluator_of, load_evaluators
from webarena_runner.interfaces import Evaluator, Past
from webarena_runner.log.paths import Key, RunPaths
from webarena_runner.log.reading import read_last_page, read_steps
from webarena_runner.rescoring.episodes import Rescorer
from webarena_runner.rescoring.past import PastRun
from webarena_runner.settings.profiles import load_profile
from webarena_runner.types import RescoredEpisode, Score, Standing, Task

# Whose evaluators these are; it opens pages to check in fresh tabs.
PROFILE = "libwebarena"
_BLANK = ("", "newtab", "blank")
BETWEEN = "BrowserGym looks at the pages after every action, and those between were not kept"


def column(run: PastRun) -> list[RescoredEpisode]:
    """In the order of the plan. Raises ConfigError when a kind of check has no evaluator here."""
    scoring = load_profile(PROFILE).settings.scoring
    rescorer, evaluators = Rescorer(run, scoring), load_evaluators(scoring)
    return [_of(run, key, rescorer.by_record(key), evaluators) for key in run.manifest.planned]


def _of(run: PastRun, key: Key, at_end: RescoredEpisode, evaluators: Mapping[str, Evaluator]) -> RescoredEpisode:
    """`at_end` is by the same evaluators, asked once."""
    if at_end.standing is not Standing.SCORED and at_end.standing is not Standing.NEEDS_JUDGE:
        return at_end
    task, result = run.tasks[key[0]], run.results[key]
    try:
        for number, url in _after_actions(run, key):
            if why := _unauthorized(url, result.site_urls):
                return _instead(at_end, 0.0, f"ended after step {number}: {why}")
            if passed := _passes_at(task, url, result.site_urls, evaluators):
                return _instead(at_end, 1.0, f"ended after step {number}: {passed.explanation}")
    except StoreError as error:
        return _instead(at_end, None, str(error), standing=Standing.NEEDS_LIVE_CHECK)
    kinds = {check.kind for check in task.checks}
    sees_more = at_end.value != 1 and "program_html" in kinds and "string_match" not in kinds
    return at_end.model_copy(update={"caveat": BETWEEN}) if sees_more else at_end


def _after_actions(run: PastRun, key: Key) -> Iterator[tuple[int, str]]:
    """The address of the agent's tab after each of its actions, with the number of the step from 1."""
    folder = RunPaths(run.folder).episode(*key).folder
    number = 0
    for number, step in enumerate(read_steps(folder)):
        if number:
            yield number, step.observation.url
    last = read_last_page(folder)
    if last is not None:
        yield number + 1, last.observation.url


def _unauthorized(url: str, sites: Mapping[str, str]) -> str:
    """Why BrowserGym would end the episode with reward 0 there; "" when it would not."""
    host = urlsplit(url).netloc
    if host in (*_BLANK, *(urlsplit(site).netloc for site in sites.values())) or url.startswith("about:"):
        return ""
    said = "a page that does not load" if url.startswith("chrome-error:") else "an address of no site"
    return f"{url} is {said}, where it gives reward 0"


def _passes_at(task: Task, url: str, urls: Mapping[str, str], evaluators: Mapping[str, Evaluator]) -> Score | None:
    """A score of a task that hangs on the address alone: no answer is needed for it, and no stop."""
    if not task.checks or any(check.kind != "url_match" for check in task.checks):
        return None
    scores = []
    for check in task.checks:
        evaluator, spec = evaluator_of(task, check, evaluators)
        try:
            evidence = evaluator.recall(spec, Past("", url, urls))  # type: ignore[attr-defined]
        except (EvidenceMissing, SiteError):
            return None
        scores.append(evaluator.score(spec, evidence, ()))
    good = all(isinstance(score, Score) and score.value == 1 for score in scores)
    return scores[0] if good and isinstance(scores[0], Score) else None


def _instead(
    at_end: RescoredEpisode, value: float | None, why: str, *, standing: Standing = Standing.SCORED
) -> RescoredEpisode:
    return at_end.model_copy(update={"value": value, "why": why, "standing": standing, "caveat": "", "scores": ()})
