"""The session: every protocol fact, and no I/O."""
