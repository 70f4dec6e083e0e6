"""Where the sites come from: sites files, `configs/sites/NAME.yaml`, and the options of their providers."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from webarena_runner import registry
from webarena_runner.errors import ConfigError
from webarena_runner.settings import datafiles
from webarena_runner.settings.draft import valid_keys
from webarena_runner.settings.old_forms import nested_sites_file
from webarena_runner.settings.options import plug_in_options
from webarena_runner.settings.records import SitesFile
from webarena_runner.settings.secrets import refuse_secrets
from webarena_runner.settings.yaml import Document, describe, read_yaml

OPTIONS = ("sites", "options")


def load_sites_file(name: str) -> SitesFile:
    """A sites file, by name or path, its options as the provider reads them.

    Raises:
        ConfigError: with file, line and key of what is wrong in it.
    """
    written = read_yaml(datafiles.find("sites", name))
    document = nested_sites_file(written)
    refuse_secrets(written.values, origins={}, fallback=str(document.path))
    try:
        found = SitesFile.model_validate(document.values)
    except ValidationError as error:
        raise ConfigError(describe(error, document, valid=valid_keys(SitesFile))) from error
    options = read_options(found.provider, found.options, document, under=("options",))
    return found.model_copy(update={"options": options})


def read_options(
    provider: str, options: Mapping[str, Any], where: Mapping[str, str] | Document, *, under: Sequence[str] = OPTIONS
) -> dict[str, Any]:
    """A provider's options as its own record has them; those that are not given stay so.

    Raises:
        ConfigError: no such provider, or options that it does not take.
    """
    record: type[BaseModel] = registry.load("sites", provider).Options
    found = plug_in_options(record, options, where, under=under)
    return found.model_dump(mode="json", exclude_unset=True)


def options_from(provider: str, environ: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Options that a provider takes from environment variables, besides or in place of those that are given."""
    reading = getattr(registry.load("sites", provider), "options_from", None)
    return dict(reading(environ, given)) if reading else {}
