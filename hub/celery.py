"""The Celery application: short tasks, schedules, and (with `--links`) the worker step that owns the links."""

from __future__ import annotations

import os

import django
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
django.setup()

from bridges.runtime.step import add_link_step  # noqa: E402 - needs the settings
from hub.reporting import report_celery_processes  # noqa: E402

app = Celery("hub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
add_link_step(app)
report_celery_processes()
