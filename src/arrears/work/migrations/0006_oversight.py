"""The ledger of contacts is found by channel too, in its own order; a contact of a sample that nobody scored yet is called so."""

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
        migrations.AlterField(
            model_name='sampleitem',
            name='state',
            field=models.CharField(choices=[('unscored', 'unscored'), ('scored', 'scored'), ('disputed', 'disputed'), ('settled', 'settled')], default='unscored', max_length=24),
        ),
    ]
