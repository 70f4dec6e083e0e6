"""What the shop knows and does, whoever asks: nothing of HTTP."""
