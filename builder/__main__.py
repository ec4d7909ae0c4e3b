"""`python -m builder` is `torchcanvas`."""

from builder.app import main

raise SystemExit(main())
