"""The ledger of contacts is found by channel too, in its own order."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0005_running'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['lender', 'channel', '-attempted_at', '-id'], name='contact_channels'),
        ),
    ]
