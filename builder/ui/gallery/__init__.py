"""The built-in networks to choose from."""
