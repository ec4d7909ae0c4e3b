"""Data sets, splits and batches that live on the device. Importing the package imports no torch."""
