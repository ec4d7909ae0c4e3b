"""The headless commands: everything but the window, for servers, scripts and continuous integration. No Qt."""
