from django.db import migrations, models

import telemetry.delivery_kinds


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0003_count_what_passes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(choices=telemetry.delivery_kinds.delivery_kinds, max_length=10),
        ),
    ]
