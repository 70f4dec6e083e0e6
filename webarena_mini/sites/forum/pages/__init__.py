"""What the forum answers to requests with."""
