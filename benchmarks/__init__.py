"""Side by side with other clients: the same work, the same server, in one run."""
