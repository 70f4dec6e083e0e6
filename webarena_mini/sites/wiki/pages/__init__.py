"""What the wiki answers to requests with."""
