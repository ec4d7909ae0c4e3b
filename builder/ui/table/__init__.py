"""The analysis table: what every layer costs, in a dock of its own."""
