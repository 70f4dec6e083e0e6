"""Site providers: where the web sites of an episode come from."""
