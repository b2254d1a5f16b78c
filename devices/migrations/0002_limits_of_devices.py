import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("devices", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="device",
            name="drain_rate",
            field=models.FloatField(
                blank=True,
                help_text="Messages a second that go out at most, e.g. 20, or 0.1 for one in ten seconds. "
                "The others wait. Empty or 0: as fast as it takes them.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0),
                    django.core.validators.MaxValueValidator(10000),
                ],
                verbose_name="at most per second",
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="drop_policy",
            field=models.CharField(
                choices=[
                    ("keep", "nothing - all of them wait"),
                    ("oldest", "the oldest - the newest are what counts"),
                    ("newest", "the newest - the first come first"),
                ],
                default="keep",
                help_text="What is dropped is kept as an expired delivery with its reason, and counted.",
                max_length=6,
                verbose_name="if more wait, drop",
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="max_waiting",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Messages. Only together with what is dropped; empty: as many as come.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(1000000),
                ],
                verbose_name="may wait at most",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("drain_rate__isnull", True),
                    models.Q(("drain_rate__gte", 0), ("drain_rate__lte", 10000)),
                    _connector="OR",
                ),
                name="device_drain_rate_is_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("drop_policy", "keep"), ("max_waiting__isnull", True)),
                    models.Q(
                        ("drop_policy__in", ["oldest", "newest"]),
                        ("max_waiting__gte", 1),
                        ("max_waiting__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="device_drops_only_beyond_a_number",
            ),
        ),
    ]
