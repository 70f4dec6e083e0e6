"""Sphinx reads this: MyST pages, the pydata theme, and reference pages whose text comes from the code."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from docs.generate import fill
from webarena_runner import __version__

project = "webarena-runner"
author = "the webarena-runner authors"
project_copyright = "Apache-2.0"
version = release = __version__

extensions = ["myst_parser"]
exclude_patterns = ["_build", "examples", "generate"]
source_suffix = {".md": "markdown"}
# A link within the pages that leads nowhere stops the build: `make docs` makes warnings errors.
nitpicky = True
myst_enable_extensions = ["colon_fence", "deflist"]
# Two hyphens of an option stay two hyphens.
smartquotes = False
myst_heading_anchors = 4
myst_links_external_new_tab = False

html_theme = "pydata_sphinx_theme"
html_title = "webarena-runner"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_sidebars = {"**": ["site-map.html"]}
templates_path = ["_templates"]
html_theme_options = {
    "logo": {"text": "webarena-runner"},
    "navbar_start": ["navbar-logo"],
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "show_nav_level": 2,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def setup(app: object) -> None:
    """Puts generated text in place of `<!-- generated: NAME -->` before a page is read."""
    app.connect("source-read", lambda _app, _page, source: source.__setitem__(0, fill(source[0])))  # type: ignore[attr-defined]
