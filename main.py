from builder.app import main

raise SystemExit(main())
