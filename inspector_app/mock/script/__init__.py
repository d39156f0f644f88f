"""A mock that is a TOML file, without any Python."""
