"""How to run a run again: the command, the files that it needs, and what differs here."""
