"""The Trio shell: streams, tasks, timers, and the methods that people call."""
