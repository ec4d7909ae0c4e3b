"""Live views of a training run. What there is stands in `listing`, and each view in the module of its key."""
