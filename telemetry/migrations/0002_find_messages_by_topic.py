"""Indexes for searches of history: messages by topic, deliveries by what is rare among them; on PostgreSQL also values
anywhere in decoded payloads, and readings that are read from the index alone.
"""

from django.db import migrations, models

from telemetry.models.history import IsIndexed
from telemetry.postgresql_only import on_postgresql


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["topic_name", "id"], name="message_topic_name_id"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["topic", "id"], name="message_topic_id", condition=models.Q(IsIndexed("topic"))),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["id"], name="delivery_expired", condition=models.Q(state="expired")),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["kind", "id"], name="delivery_unusual_kind", condition=models.Q(kind="publish", _negated=True)
            ),
        ),
        migrations.AddIndex(model_name="delivery", index=models.Index(fields=["target", "id"], name="delivery_target")),
        migrations.AddIndex(model_name="delivery", index=models.Index(fields=["rule", "id"], name="delivery_rule")),
        on_postgresql(
            forwards="CREATE INDEX message_decoded ON telemetry_message USING gin (decoded jsonb_path_ops)"
            " WITH (gin_pending_list_limit = 1024)",  # in kB; what the default collects holds up a commit for long
            backwards="DROP INDEX message_decoded",
        ),
        on_postgresql(
            forwards="DROP INDEX reading_device_metric_id;"
            " CREATE INDEX reading_device_metric_id ON telemetry_storedreading (device, metric, id)"
            " INCLUDE (value, time, unit)",
            backwards="DROP INDEX reading_device_metric_id;"
            " CREATE INDEX reading_device_metric_id ON telemetry_storedreading (device, metric, id)",
        ),
    ]
