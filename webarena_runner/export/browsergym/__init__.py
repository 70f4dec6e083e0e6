"""Entries for BrowserGym's leaderboard: what a submission folder holds of a run."""
