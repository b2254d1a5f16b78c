from django.db import migrations, models

import bridges.models.rule_action


class Migration(migrations.Migration):
    dependencies = [
        ("bridges", "0005_topics_in_transit"),
        ("devices", "0002_limits_of_devices"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="ruleaction",
            name="rule_action_has_its_target",
        ),
        migrations.AlterField(
            model_name="ruleaction",
            name="kind",
            field=models.CharField(choices=bridges.models.rule_action.action_kinds, max_length=10),
        ),
        migrations.AddConstraint(
            model_name="ruleaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("device__isnull", True), ("kind", "publish"), ("topic__isnull", False)),
                    models.Q(("device__isnull", False), ("kind", "write"), ("topic__isnull", True)),
                    models.Q(
                        models.Q(("kind__in", ["publish", "write"]), _negated=True),
                        ("device__isnull", True),
                        ("topic__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="rule_action_has_its_target",
            ),
        ),
    ]
