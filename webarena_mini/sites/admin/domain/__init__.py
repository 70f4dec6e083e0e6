"""What the store knows and does, whoever asks: nothing of HTTP."""
