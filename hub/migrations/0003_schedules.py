"""The hub's own schedule, as a row that the admin can change."""

from django.db import migrations

NAME = "Retention and tidying"


def add(apps, schema_editor):
    """Every night, at a minute that few other things choose."""
    at, _ = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
        minute="17", hour="3", day_of_week="*", day_of_month="*", month_of_year="*"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "telemetry.keep_house",
            "crontab": at,
            "description": "Drops history older than RETENTION_DAYS and what only mattered for a while.",
        },
    )


def take_away(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0002_done_once"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(add, take_away)]
