"""How each application is told its address, step by step, as the images' publishers say."""

from webarena_runner.sites.docker.commands import execute
from webarena_runner.sites.docker.placing import Place
from webarena_runner.sites.docker.steps import Call, Command, Step

MAGENTO = "/var/www/magento2/bin/magento"
# Published with the images, for a database that only the container itself reaches.
_DATABASE, _DATABASE_USER, _DATABASE_PASSWORD = "magentodb", "magentouser", "MyPassword"  # noqa: S105
GITLAB_RB = "/etc/gitlab/gitlab.rb"
GITLAB_LIMIT_S = 900.0
_POSTMILL = "/var/www/html"
RATE_LIMITED = tuple(f"{_POSTMILL}/src/DataObject/{name}Data.php" for name in ("Comment", "Submission", "User"))
# Kept in the container, so that one that has been set up is known by it, whatever happened to us meanwhile.
MARK = "/var/tmp/webarena-runner-url"  # noqa: S108


def setup_of(place: Place) -> tuple[Step, ...]:
    """All steps after the application answers; running them again does no harm."""
    match place.image.setup:
        case "magento":
            return (*_base_url(place), _flush(place))
        case "magento_admin":
            return (*_base_url(place), *_lasting_password(place), _flush(place))
        case "postmill":
            return _no_rate_limits(place)
        case "gitlab":
            return _external_url(place)
        case "env_ctrl":
            return (Call("POST", f"{place.control_url}/init", f"{place.name}: set the base URL", 600),)
        case "none":
            return ()


def mark_of(place: Place) -> Command:
    """Notes that the setup is done."""
    return execute(place.name, "tee", MARK, what=f"{place.name}: note its address", stdin=place.root)


def read_mark(place: Place) -> Command:
    return execute(place.name, "cat", MARK, what=f"{place.name}: see whether it is set up", limit_s=60)


def still_limited(place: Place) -> Command:
    """Exit code 1 says that no rate limit is left, 0 that there is one, and 2 that the files are elsewhere."""
    words = ("grep", "-l", "-F", "-e", "@RateLimit(", "-e", "#[RateLimit(", *RATE_LIMITED)
    return execute(place.name, *words, what=f"{place.name}: see that its rate limits are gone", limit_s=60)


def recovery_of(place: Place) -> tuple[Command, ...]:
    """What is tried once when the application does not come up at all."""
    if place.image.setup != "gitlab":
        return ()
    # Images were made of running containers: a process id that was PostgreSQL's may be another process's here.
    pid = "/var/opt/gitlab/postgresql/data/postmaster.pid"
    script = f"pgrep -x postgres >/dev/null || rm -f {pid}"
    return (
        execute(place.name, "sh", "-c", script, what=f"{place.name}: remove a stale postmaster.pid"),
        execute(place.name, "gitlab-ctl", "restart", what=f"{place.name}: restart GitLab", limit_s=GITLAB_LIMIT_S),
    )


def _base_url(place: Place) -> tuple[Command, ...]:
    # The first one without a slash at the end, the second one with it.
    update = f'UPDATE core_config_data SET value = "{place.root}/" WHERE path = "web/secure/base_url";'
    return (
        execute(
            *(place.name, MAGENTO, "setup:store-config:set", f"--base-url={place.root}"),
            what=f"{place.name}: set the base URL",
        ),
        execute(
            *(place.name, "mysql", "--user", _DATABASE_USER, _DATABASE),
            what=f"{place.name}: set the secure base URL",
            stdin=update,
            environ={"MYSQL_PWD": _DATABASE_PASSWORD},
        ),
    )


def _lasting_password(place: Place) -> tuple[Command, ...]:
    """The published password of the back office has expired, and must not have to be changed."""
    return tuple(
        execute(
            *(place.name, "php", MAGENTO, "config:set", f"admin/security/{key}", "0"),
            what=f"{place.name}: let the password of the back office last",
        )
        for key in ("password_is_forced", "password_lifetime")
    )


def _flush(place: Place) -> Command:
    return execute(place.name, MAGENTO, "cache:flush", what=f"{place.name}: flush the cache")


def _no_rate_limits(place: Place) -> tuple[Command, ...]:
    # Of the annotations some are on one line, others go on to the line with the closing bracket.
    script = ("-e", "/@RateLimit(.*)/d", "-e", "/@RateLimit(/,/)/d")
    return (
        execute(place.name, "sed", "-i", *script, *RATE_LIMITED, what=f"{place.name}: take the rate limits out"),
        execute(
            *(place.name, "php", "bin/console", "cache:clear", "--env=prod"),
            what=f"{place.name}: clear the cache",
            folder=_POSTMILL,
        ),
    )


def _external_url(place: Place) -> tuple[Command, ...]:
    script = ["-e", f"s|^external_url.*|external_url '{place.root}'|"]
    if place.port != place.image.web_port:
        # Its web server would listen on the port of the address, which is that outside of the container.
        script += ["-e", r"/^nginx\['listen_port'\]/d", "-e", f"$a nginx['listen_port'] = {place.image.web_port}"]
    set_it = f"{place.name}: set external_url"
    return (
        execute(place.name, "sed", "-i", *script, GITLAB_RB, what=set_it),
        execute(place.name, "grep", "-q", "-F", f"external_url '{place.root}'", GITLAB_RB, what=set_it),
        execute(
            *(place.name, "gitlab-ctl", "reconfigure"), what=f"{place.name}: reconfigure GitLab", limit_s=GITLAB_LIMIT_S
        ),
    )
