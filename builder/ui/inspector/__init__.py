"""The right-hand side: forms made from declarations, and the panels for layer, data, training, code and problems."""
