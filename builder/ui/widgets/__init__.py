"""Small widgets that belong together: entries, switches, headings, formulas. They know no network and no document."""
