"""The admin page of schedules: what the hub does at set times. It offers the hub's own tasks, by what they do."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin
from django_celery_beat.models import PeriodicTask

from telemetry.admin_parts.typed import ModelForm, TitledAdmin

TASKS: Final = {
    "telemetry.keep_house": "Retention and tidying: drop what is older than RETENTION_DAYS",
    "bridges.drain_what_waits": "Send what waits for webhooks, scripts and notifications",
    "celery.backend_cleanup": "Forget old results of tasks",
}


class ScheduleForm(ModelForm):
    """One schedule, with its task chosen by what it does."""

    task = forms.ChoiceField(label="What is done")

    class Meta:
        model = PeriodicTask
        exclude = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = TASKS | ({} if self.instance.task in ("", *TASKS) else {self.instance.task: self.instance.task})
        if "task" in self.fields:  # whoever may only look has no fields
            self.fields["task"].choices = list(known.items())  # type: ignore[attr-defined]


class ScheduleAdmin(TitledAdmin):
    """Tasks that run at set times. They are the scheduler's own rows: changes hold within seconds."""

    form = ScheduleForm
    list_display = ("name", "enabled", "scheduler", "last_run_at", "one_off")
    list_filter = ("enabled", "one_off")
    list_select_related = ("interval", "crontab", "solar", "clocked")
    search_fields = ("name", "task")
    search_help_text = "Name, or a part of the task's"
    readonly_fields = ("last_run_at",)
    fieldsets = (
        (None, {"fields": ("name", "enabled", "task", "description")}),
        (
            "When",
            {
                "fields": ("interval", "crontab", "clocked", "solar", "start_time", "one_off", "last_run_at"),
                "description": "Choose one of the four: every so often, at times of the clock, once, or by the sun.",
            },
        ),
        ("Advanced", {"fields": ("args", "kwargs", "expire_seconds", "queue"), "classes": ("collapse",)}),
    )


admin.site.unregister(PeriodicTask)  # the library's page runs a script in the page, and knows no task of ours
admin.site.register(PeriodicTask, ScheduleAdmin)
