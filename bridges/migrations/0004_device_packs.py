import telemetry.names
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bridges", "0003_home_assistant_discovery"),
    ]

    operations = [
        migrations.CreateModel(
            name="InstalledPack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pack", models.CharField(max_length=64)),
                ("digest", models.CharField(help_text="of the file", max_length=64)),
                ("settings", models.JSONField(default=dict, help_text="what was answered; never a secret")),
                ("rows", models.JSONField(default=list, help_text="[section, name] of each row that it made")),
                ("installed_at", models.DateTimeField()),
                ("installed_by", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "installed pack",
                "ordering": ["pack", "id"],
            },
        ),
        migrations.CreateModel(
            name="OwnPack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(max_length=64, unique=True, validators=[telemetry.names.check_slug]),
                ),
                ("text", models.TextField()),
                ("uploaded_at", models.DateTimeField()),
                ("uploaded_by", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "device pack",
                "ordering": ["name"],
            },
        ),
    ]
