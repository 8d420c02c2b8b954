"""One sans-I/O object per command."""
