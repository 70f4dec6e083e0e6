"""What the agent sees: the official text of a page, its element boxes, a screenshot."""
