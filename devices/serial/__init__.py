"""Keeps serial ports open and carries bytes both ways. It knows no Django and no database."""
