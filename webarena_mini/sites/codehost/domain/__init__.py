"""What the code hosting site knows and does, whoever asks: nothing of HTTP."""
