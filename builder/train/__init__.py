"""Training: settings, the loop, commands and events, checkpoints. A plain thread; knows no Qt."""
