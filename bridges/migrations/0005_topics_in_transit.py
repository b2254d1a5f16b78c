from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("bridges", "0004_device_packs"),
    ]

    operations = [
        migrations.AddField(
            model_name="topic",
            name="is_stored",
            field=models.BooleanField(
                default=True,
                help_text="In: keep its messages. Without, they only pass through: the broker is answered once every "
                "target of their rules has them, and while a target is away the broker keeps them.",
                verbose_name="store",
            ),
        ),
        migrations.AddConstraint(
            model_name="topic",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction", "in"), ("is_stored", True), _connector="OR"),
                name="topic_only_input_is_unstored",
            ),
        ),
    ]
