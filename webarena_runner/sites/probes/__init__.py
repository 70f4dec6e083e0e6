"""One probe of a site, for `doctor`, `sites status`, the check before a run, leases, and after an outage."""
