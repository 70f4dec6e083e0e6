"""A run as webarena-verified reads it: per task the agent's response and the network log."""
