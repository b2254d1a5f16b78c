"""Breaks a whole hub under load, on real servers, and counts what was lost. Nothing else imports it."""
