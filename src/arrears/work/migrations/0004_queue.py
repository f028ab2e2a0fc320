"""What was promised to whom on which day, and reminders by when they are due, found without reading all."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0003_desk'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(fields=['taken_by', 'promised_on'], name='promise_taken_by'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['lender', 'due_at'], name='reminder_due'),
        ),
    ]
