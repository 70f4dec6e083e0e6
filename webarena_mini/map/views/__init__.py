"""Handlers, by subject."""
