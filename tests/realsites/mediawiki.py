"""MediaWiki with SQLite on PHP's own server, as Debian packages both; it takes the place of the site `reddit`."""

from pathlib import Path

from tests.realsites.application import Application, program, run
from tests.realsites.texts import WIKI_PAGES

CODE = Path("/usr/share/mediawiki")
PACKAGES = "mediawiki php-cli php-sqlite3 php-cgi micro-httpd"
ACCOUNT = ("Iris Pell", "net-loft-44")
_KEEPER = ("Keeper", "sandbank-lantern-9")
_OWN_SETTINGS = """
$wgServer = getenv( 'WIKI_SERVER' );
$wgSQLiteDataDir = getenv( 'WIKI_FOLDER' );
# Each of the caches and the queue has named the folder of its database.
$wgObjectCaches[CACHE_DB]['server']['dbDirectory'] = $wgSQLiteDataDir;
$wgLocalisationCacheConf['storeServer']['dbDirectory'] = $wgSQLiteDataDir;
$wgJobTypeConf['default']['server']['dbDirectory'] = $wgSQLiteDataDir;
"""


def make(folder: Path) -> None:
    """Installs the wiki, with its pages and one account."""
    folder.mkdir(parents=True)
    php = program("php", "php-cli")
    if not CODE.is_dir():
        raise RuntimeError(f"no {CODE}: apt-get install --no-install-recommends {PACKAGES}")
    _maintain(
        php,
        "install",
        *("--dbtype", "sqlite", "--dbname", "wiki", "--dbpath", folder, "--confpath", folder),
        *("--server", "http://127.0.0.1", "--scriptpath", "", "--pass", _KEEPER[1], "Vexmoor Notes", _KEEPER[0]),
    )
    settings = folder / "LocalSettings.php"
    settings.write_text(settings.read_text() + _OWN_SETTINGS)
    _maintain(php, "createAndPromote", *ACCOUNT, folder=folder)
    for title, text in WIKI_PAGES.items():
        page = folder / title
        page.write_text(text)
        _maintain(php, "importTextFiles", "--user", _KEEPER[0], page, folder=folder)
        page.unlink()
    _maintain(php, "runJobs", folder=folder)


def served(folder: Path, port: int) -> Application:
    return Application(
        site="reddit",
        command=(program("php", "php-cli"), "-S", f"127.0.0.1:{port}", "-t", str(CODE)),
        port=port,
        state=folder / "wiki",
        environ=_environ(folder, port) | {"PHP_CLI_SERVER_WORKERS": "4"},
    )


def _environ(folder: Path, port: int) -> dict[str, str]:
    return {
        "MW_CONFIG_FILE": str(folder / "LocalSettings.php"),
        "WIKI_FOLDER": str(folder),
        "WIKI_SERVER": f"http://127.0.0.1:{port}",
    }


def _maintain(php: str, script: str, *arguments: str | Path, folder: Path | None = None) -> None:
    run(php, CODE / "maintenance" / f"{script}.php", *arguments, environ=_environ(folder, 80) if folder else {})
