"""Data files that are installed with the program; see `builder.resources` for how they are read."""
