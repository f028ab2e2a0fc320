"""The cases of a whole lender by rank, found without sorting them all."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0005_oversight'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['lender', 'state', 'rank', 'id'], name='case_of_lender'),
        ),
    ]
