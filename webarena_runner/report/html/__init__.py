"""The HTML report of a run: pages rendered from its folder, and written into one of their own.

`Pages(report, frame)` renders: `overview()`, `episode(key)`, `named("7.0")`, `asset(name)`, `picture("7.0", file)`. It
keeps nothing but the report, so that a server may ask for any page at any time. `writing.write_report(report, folder)`
writes them all. `links` has the address of each page relative to the report, the same on disk and on a server; a step
of an episode is `#step-7` there. A page of another kind extends `templates/base.html` and is rendered by
`templates.render(template, Frame(...), **values)`, which escapes every value and sets the Content-Security-Policy.
"""
