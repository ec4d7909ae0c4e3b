"""Data sets, splits and batches that live on the device. Importing the package imports no torch.

How to add a data set: write one class in the file of its kind, decorated with `catalogue.register`.
"""

from builder.data import digits, folder, idx, made, toys

__all__ = ["digits", "folder", "idx", "made", "toys"]
