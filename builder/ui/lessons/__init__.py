"""Lessons in the window: their list, their text, and what their buttons do."""
