"""Trajectories in the Agent Trajectory Interchange Format, by themselves or in Harbor's job layout."""
