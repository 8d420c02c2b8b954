"""Values: immutable, validated, no parsing and no I/O."""
