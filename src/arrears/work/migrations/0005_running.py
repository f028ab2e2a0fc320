"""Runs asked for on the pages, and of collectors and agencies what roster.yaml says of them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0004_queue'),
    ]

    operations = [
        migrations.AddField(
            model_name='collector',
            name='amount_most_minor',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='collector',
            name='cases_most',
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name='collector',
            name='changed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='collector',
            name='is_rostered',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='collector',
            name='languages',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, null=True, size=None),
        ),
        migrations.AddField(
            model_name='collector',
            name='minutes_a_day',
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name='collector',
            name='owner',
            field=models.CharField(choices=[('collector', 'collector'), ('visitor', 'visitor'), ('legal', 'legal')], db_default='collector', default='collector', max_length=24),
        ),
        migrations.AddField(
            model_name='collector',
            name='products',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, null=True, size=None),
        ),
        migrations.AddField(
            model_name='collector',
            name='regions',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, null=True, size=None),
        ),
        migrations.AddField(
            model_name='collector',
            name='skills',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, null=True, size=None),
        ),
        migrations.AddField(
            model_name='collector',
            name='stages',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, null=True, size=None),
        ),
        migrations.AddField(
            model_name='collector',
            name='works_from',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='team',
            name='changed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='team',
            name='terms',
            field=models.JSONField(null=True),
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('ingest', 'ingest'), ('night', 'night'), ('intake', 'intake'), ('export', 'export'), ('retention', 'retention'), ('backup', 'backup'), ('take_back', 'take_back'), ('corrections', 'corrections')], max_length=24)),
                ('book', models.CharField(max_length=60, null=True)),
                ('parameters', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('refused', 'refused'), ('failed', 'failed'), ('cancelled', 'cancelled'), ('interrupted', 'interrupted')], default='waiting', max_length=24)),
                ('asked_at', models.DateTimeField()),
                ('language', models.CharField(default='zh', max_length=8)),
                ('fence', models.IntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('done', models.BigIntegerField(default=0)),
                ('of', models.BigIntegerField(default=0)),
                ('step', models.CharField(default='', max_length=200)),
                ('log', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=400), default=list, size=None)),
                ('told', models.TextField(default='')),
                ('exit_status', models.IntegerField(null=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cancel_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('repeats', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='work.run')),
            ],
            options={
                'indexes': [models.Index(fields=['lender', '-asked_at'], name='run_latest'), models.Index(condition=models.Q(('state__in', ('waiting', 'running'))), fields=['lender', 'asked_at'], name='run_due')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('book__isnull', False), ('state', 'running')), fields=('lender', 'book'), name='one_run_a_book')],
            },
        ),
    ]
