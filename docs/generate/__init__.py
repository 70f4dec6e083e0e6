"""Text of the reference pages, made from the code: a page says `<!-- generated: NAME -->` where it goes."""

import re
from collections.abc import Callable
from functools import partial

from docs.generate import commands, files, frames, model_files, plugins, settings

PARTS: dict[str, Callable[[], str]] = {
    "commands": commands.commands,
    "selection": commands.selection,
    "model-files": model_files.model_files,
    "profiles": settings.profiles,
    "settings": settings.run_settings,
    "model-settings": settings.model_settings,
    "backend-options": partial(settings.plug_in_options, "models"),
    "provider-options": partial(settings.plug_in_options, "sites"),
    "exporter-options": partial(settings.plug_in_options, "exporters"),
    "run-folder": files.format_of_run_folders,
    "run-records": files.records,
    "result-frames": frames.frames,
    "plug-ins": plugins.plugins,
}
_MARK = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)


def fill(page: str) -> str:
    """The page with each mark replaced by the text it names.

    Raises:
        KeyError: no part has that name.
    """
    return _MARK.sub(lambda mark: PARTS[mark[1]](), page)
