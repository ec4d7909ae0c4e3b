"""Live views: curves, feature maps, filters, the pinned sample. A view knows pictures, never the trainer."""
