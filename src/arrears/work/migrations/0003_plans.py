"""Plans of every kind, what permitted them, their paper; and the strategies of the nights, by which plans are offered."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0002_record'),
    ]

    operations = [
        migrations.AddField(
            model_name='offer',
            name='reoffers',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.plan'),
        ),
        migrations.AddField(
            model_name='plan',
            name='agreement',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.attachment'),
        ),
        migrations.AddField(
            model_name='plan',
            name='asked_minor',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='plan',
            name='beyond',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), default=list, size=None),
        ),
        migrations.AddField(
            model_name='plan',
            name='kind',
            field=models.CharField(choices=[('instalments', 'instalments'), ('date_shift', 'date_shift'), ('waiver', 'waiver'), ('settlement', 'settlement')], default='instalments', max_length=24),
        ),
        migrations.AddField(
            model_name='plan',
            name='offer_row',
            field=models.CharField(max_length=60, null=True),
        ),
        migrations.AddField(
            model_name='plan',
            name='strategy',
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='plan',
            name='waived_principal_minor',
            field=models.BigIntegerField(default=0),
        ),
        migrations.CreateModel(
            name='NightStrategy',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('digest', models.CharField(max_length=64)),
                ('text', models.TextField()),
                ('first_as_of', models.DateField()),
                ('as_of', models.DateField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('lender', 'digest'), name='strategy_once')],
            },
        ),
    ]
