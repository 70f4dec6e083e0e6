"""What the home page answers to requests with."""
