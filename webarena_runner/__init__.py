"""webarena-runner: runs the WebArena family of benchmarks and writes a leaderboard row."""

__version__ = "0.1.0"
