"""GGUF files of the Hugging Face hub; HF_ENDPOINT, HF_TOKEN and HF_HOME are for its library, as anywhere."""

from pathlib import Path

from webarena_runner.errors import ConfigError

HUB_PREFIX = "hf:"


def from_hub(name: str) -> Path:
    """The file OWNER/REPOSITORY/FILE in the hub's own cache, where it is downloaded to unless it is there.

    Raises:
        ConfigError: the hub does not give it.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    owner, repository, file = name.split("/", 2)
    wanted = f"{HUB_PREFIX}{name}"
    try:
        return Path(hf_hub_download(f"{owner}/{repository}", file))
    # What each is a kind of comes after it.
    except LocalEntryNotFoundError as error:
        raise ConfigError(
            f"{wanted}: the hub cannot be reached, and the file is not in its cache on this machine; put it there, or "
            "name a GGUF file of this machine"
        ) from error
    except EntryNotFoundError as error:
        raise ConfigError(
            f"{wanted}: {owner}/{repository} has no file {file}; its page on the hub lists them"
        ) from error
    except GatedRepoError as error:
        raise ConfigError(
            f"{wanted}: the hub gives it to those only who have agreed to its terms; agree on its page, then export "
            "HF_TOKEN=..."
        ) from error
    except RepositoryNotFoundError as error:
        raise ConfigError(
            f"{wanted}: the hub has no {owner}/{repository}, or it is private: then export HF_TOKEN=..."
        ) from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigError(f"{wanted}: the hub does not give it: {first}") from error
