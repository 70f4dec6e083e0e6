"""Putting shared sites back to their first state: the methods, and carrying one out."""
