"""Receipts: code pages, the bytes of a print job, printer status, and tickets made from templates. Pure."""
