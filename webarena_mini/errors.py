"""The exception tree: input that is refused, with a message for whoever gave it.

MiniError
├── UnknownSite    a name that no embedded site has
└── PortTaken      a port that cannot be opened
"""


class MiniError(Exception):
    """Base of everything that this package raises on purpose and does not answer with a page."""


class UnknownSite(MiniError):
    pass


class PortTaken(MiniError):
    pass
