"""`manage.py up`: the whole hub on one machine, with what it needs, under one Ctrl-C."""
