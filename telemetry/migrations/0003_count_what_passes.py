from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("telemetry", "0002_find_messages_by_topic"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledgerentry",
            name="passed",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
