"""Finding a server's settings from an address (extra ``discovery``)."""
