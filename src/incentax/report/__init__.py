"""Everything that draws: terminal tables, figures, the report page, citations.

Reads finished or interrupted run directories and nothing else, so a report can be made where no
game is loaded. `table`, `summary` and `citation` need only the core's own dependencies; `plots` and
`html` need the extra `report` (matplotlib, jinja2).
"""
