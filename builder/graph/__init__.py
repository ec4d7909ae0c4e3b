"""The network as a value. No torch, no Qt, no knowledge of any layer."""
