"""Playwright's traces, of its versions since 1.17: what a person or a script did, and what the pages were."""
