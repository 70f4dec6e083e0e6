"""Episodes on the nodes of a Ray cluster: who plays them there, and who keeps what they have in common."""
