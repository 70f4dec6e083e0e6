"""Chromium: finding it, driving it, and what is seen of it."""
