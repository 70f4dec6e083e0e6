"""What the wiki knows and does, whoever asks: nothing of HTTP."""
