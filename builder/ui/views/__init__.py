"""Live views of a training run. Importing this package fills `base.all_views`, in the order of the window."""

from builder.ui.views import loss, accuracy, confusion, maps, filters, sample, flow, attribution, responses  # noqa: F401, I001  (the order is that of the window)
from builder.ui.views import preferred, cloud  # noqa: F401
