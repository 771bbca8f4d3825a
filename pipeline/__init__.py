"""Daily cyber-threat risk of sectors and their suppliers, one module per stage of the flow."""

__version__ = "1.0.0"
