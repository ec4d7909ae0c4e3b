"""The document on disk: file format, versions, templates, autosave. No Qt."""
