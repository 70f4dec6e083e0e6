"""What the advertisements know and do, whoever asks: nothing of HTTP."""
