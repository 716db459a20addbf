"""Charts as inline SVG, drawn from values by pure functions; colours come from CSS classes only.

Each form returns Markup with a title and a description. Hatches refer to the patterns that the
page's base template defines once (`#h-u`, `#h-g`, `#h-y`, `#h-r`).
"""
