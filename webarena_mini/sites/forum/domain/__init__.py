"""What the forum knows and does, whoever asks: nothing of HTTP."""
