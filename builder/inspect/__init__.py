"""What a network shows of itself: activations, filters, health, the 2-D plane, what it looks at. Imports no torch."""
