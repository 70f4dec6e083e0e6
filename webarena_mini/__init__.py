"""Embedded web applications with the official URL shapes and page hooks, on data of our own. Not WebArena."""
