"""What the code hosting site answers to requests with."""
