"""A contact of a sample that nobody scored yet is called so."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0004_team'),
    ]

    operations = [
        migrations.AlterField(
            model_name='sampleitem',
            name='state',
            field=models.CharField(choices=[('unscored', 'unscored'), ('scored', 'scored'), ('disputed', 'disputed'), ('settled', 'settled')], default='unscored', max_length=24),
        ),
    ]
