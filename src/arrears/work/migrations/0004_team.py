"""Indexes along which the figures of a team are counted: its cases, placements and promises."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0003_desk'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['team', 'held_by', 'currency', 'bucket'], include=('id', 'lender', 'claimable_minor', 'worked_at', 'rank'), name='case_of_team'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state', 'closed')), fields=['team', 'closed_on'], include=('id', 'lender', 'closed_why'), name='case_closed_of_team'),
        ),
        migrations.AddIndex(
            model_name='placement',
            index=models.Index(condition=models.Q(('returned_on', None)), fields=['team', 'placed_on'], include=('case', 'lender'), name='placement_of_team'),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(fields=['taken_by', 'pay_by_on'], include=('lender', 'state', 'currency', 'amount_minor', 'case'), name='promise_taken_due'),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['lender', 'pay_by_on'], include=('case', 'currency', 'amount_minor'), name='promise_open_due'),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(condition=models.Q(('state__in', ('broken', 'part_kept'))), fields=['lender', 'pay_by_on'], include=('case', 'currency', 'amount_minor'), name='promise_broken_due'),
        ),
    ]
