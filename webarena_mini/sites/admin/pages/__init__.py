"""What the store answers to requests with."""
