"""What the map answers to requests with."""
