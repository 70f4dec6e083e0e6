"""WebArena as a CUBE benchmark. Needs the extra `cube`, and Python 3.12 or newer."""
