"""Pages and forms by subject."""
