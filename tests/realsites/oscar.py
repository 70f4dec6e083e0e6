"""A shop of django-oscar as `shopping`, and its dashboard on a port of its own as `shopping_admin`."""

import os
from pathlib import Path

from tests.realsites.application import Application, run

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).with_name("oscar_shop")
VENV = Path(os.environ.get("SITES_VENV", ROOT / ".venv-sites"))
CUSTOMER = ("iris.pell@example.com", "net-loft-44")
STAFF = ("keeper@example.com", "lamp-oil-77")


def make(folder: Path) -> None:
    """Makes the database, with what the shop sells and who buys there, and gathers style sheets and scripts."""
    folder.mkdir(parents=True)
    environ = _environ(folder) | {
        "SHOP_CUSTOMER": CUSTOMER[0],
        "SHOP_CUSTOMER_PASSWORD": CUSTOMER[1],
        "SHOP_STAFF": STAFF[0],
        "SHOP_STAFF_PASSWORD": STAFF[1],
    }
    admin = VENV / "bin" / "django-admin"
    if not admin.exists():
        raise RuntimeError(f"no django-oscar in {VENV}: make test-sites")
    run(admin, "migrate", "--verbosity", "0", environ=environ)
    run(admin, "collectstatic", "--noinput", "--verbosity", "0", environ=environ)
    run(VENV / "bin" / "python", PROJECT / "seed.py", environ=environ)
    # A product is indexed when it is saved, before it has its category.
    run(admin, "rebuild_index", "--noinput", environ=environ)


def served(folder: Path, port: int, *, site: str = "shopping", path: str = "") -> Application:
    gunicorn = (str(VENV / "bin" / "gunicorn"), "--no-control-socket", "--bind", f"127.0.0.1:{port}", "--threads", "4")
    return Application(
        site=site,
        command=(*gunicorn, "django.core.wsgi:get_wsgi_application()"),
        port=port,
        path=path,
        state=folder / site,
        environ=_environ(folder),
    )


def _environ(folder: Path) -> dict[str, str]:
    return {"SHOP_FOLDER": str(folder), "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(PROJECT)}
