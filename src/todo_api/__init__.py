"""The to-do backend you can retry."""

__version__ = "0.1.0"
