"""Data sets, splits and batches that live on the device. Importing the package imports no torch.

How to add a data set: write one class in the file of its kind, decorated with `catalogue.register`.
"""

from builder.data import digits, idx, cifar, made, folder, toys  # isort: skip  (the order in the form)

__all__ = ["cifar", "digits", "folder", "idx", "made", "toys"]
