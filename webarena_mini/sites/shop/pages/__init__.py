"""What the shop answers to requests with."""
