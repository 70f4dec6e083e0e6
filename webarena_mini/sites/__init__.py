"""The sites, a folder each, all of one shape: app, routes, pages, domain, seed."""
