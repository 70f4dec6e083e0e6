"""What the advertisements answer to requests with."""
