"""The canvas: the network as cards and wires. Shows the document and commits edits to it; holds no truth of its own."""
