"""The handlers of the forum, one module for each thing that has pages."""
