"""A run scored again, with a judge where one is asked for, and what came of it written beside the run."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from webarena_runner.interfaces import Judge
from webarena_runner.log.paths import RescoringPaths, RunPaths
from webarena_runner.log.reading import total_usd
from webarena_runner.log.rescored import keep_rescoring, place_for
from webarena_runner.models.shared.limits import Spend
from webarena_runner.rescoring.request import Done, Request
from webarena_runner.rescoring.rules import PEERS
from webarena_runner.rescoring.verdicts import KeepingJudge
from webarena_runner.rescoring.whole import rescored_by, rescored_offline
from webarena_runner.running.resources import open_judge
from webarena_runner.settings.records import JudgeSettings, ModelSpec, RunSettings
from webarena_runner.types import RescoredEpisode


async def rescore(request: Request, environ: Mapping[str, str], *, on_answer: Callable[[], None]) -> Done:
    """Opens the judge only when it has to be asked, so that kept verdicts need no key.

    Raises:
        UsageError: the judge is not there, a kind of check has no evaluator, or the folder cannot be written.
    """
    paths = RunPaths(request.run.folder)
    place = place_for(paths, request.name)
    if request.peer:
        # Some have an event loop of their own.
        episodes = list(await asyncio.to_thread(PEERS[request.peer], request.run))
    elif request.judge is None:
        episodes = rescored_offline(request.rescorer, request.keys)
    else:
        episodes = await _judged(request, request.judge, environ, place, on_answer)
    rescoring = request.record(episodes, cost_usd=_cost_usd(episodes))
    urls = {key: result.site_urls for key, result in request.run.results.items()}
    kept = keep_rescoring(paths, place, rescoring, episodes, urls)
    return Done(request, rescoring, tuple(episodes), kept.folder, is_new=kept == place)


async def _judged(
    request: Request,
    spec: ModelSpec,
    environ: Mapping[str, str],
    place: RescoringPaths,
    on_answer: Callable[[], None],
) -> list[RescoredEpisode]:
    async with AsyncExitStack() as stack:
        asked: Judge | None = None
        if request.questions.open:
            settings = RunSettings(
                profile=request.profile, judge=JudgeSettings(model=request.judge_file), scoring=request.scoring
            )
            asked = await open_judge(settings, environ, stack, Spend(request.max_cost_usd), place.verdicts)
        judge = KeepingJudge(spec.model or spec.name, request.kept, asked)
        return await rescored_by(judge, request.rescorer, request.keys, on_answer=on_answer)


def _cost_usd(episodes: list[RescoredEpisode]) -> float | None:
    return total_usd(verdict.cost_usd for each in episodes for score in each.scores for verdict in score.verdicts)
