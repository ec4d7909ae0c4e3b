"""What a network shows: activations, filters, statistics. No Qt."""
