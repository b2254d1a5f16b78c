from django.db import migrations, models

from telemetry.models.history import IsIndexed


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
    ]
