"""The built-in networks, one file a family, written as expressions that are drawn into graphs. No torch."""
