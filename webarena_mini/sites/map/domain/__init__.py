"""What the map knows and does, whoever asks: nothing of HTTP."""
