"""What a network shows of itself: activations, filters, health, the 2-D plane. The package itself imports no torch."""
