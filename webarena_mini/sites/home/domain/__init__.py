"""What the home page knows and does, whoever asks: nothing of HTTP."""
