"""webarena-verified's own evaluator, in an environment and a process of its own; nothing of it is done again here."""
