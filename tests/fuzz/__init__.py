"""Fuzzing by coverage: ``make fuzz``. What it found stays in ``tests/data/fuzz``."""
