"""Which rules spoke on which contact, samples for quality checks, exports; and what the gate said of each contact."""

import arrears.work.models.row
import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0002_record'),
    ]

    operations = [
        migrations.CreateModel(
            name='ContactRule',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('rule', models.CharField(max_length=80)),
                ('attempted_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('what', models.CharField(choices=[('cases', 'cases'), ('contacts', 'contacts'), ('promises', 'promises'), ('plans', 'plans'), ('matters', 'matters'), ('samples', 'samples')], max_length=24)),
                ('format', models.CharField(choices=[('csv', 'csv'), ('xlsx', 'xlsx'), ('parquet', 'parquet')], max_length=24)),
                ('filters', models.JSONField(default=dict)),
                ('language', models.CharField(default='zh', max_length=8)),
                ('asked_at', models.DateTimeField()),
                ('asked_in', models.UUIDField()),
                ('is_once', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('made', 'made'), ('fetched', 'fetched'), ('gone', 'gone')], default='asked', max_length=24)),
                ('rows_found', models.IntegerField()),
                ('made_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('name', models.CharField(max_length=160, null=True)),
                ('rows', models.IntegerField(null=True)),
                ('size_bytes', models.BigIntegerField(null=True)),
                ('digest', models.CharField(max_length=64, null=True)),
                ('fetches', models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='ExportPart',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('ordinal', models.IntegerField()),
                ('content_sealed', arrears.work.models.row.SealedField(kind='content', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Sample',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('drawn_at', models.DateTimeField()),
                ('method', models.CharField(choices=[('random', 'random'), ('stratified', 'stratified'), ('risk', 'risk')], max_length=24)),
                ('by', models.CharField(choices=[('collector', 'collector'), ('team', 'team'), ('channel', 'channel')], max_length=24, null=True)),
                ('frame', models.JSONField()),
                ('found', models.IntegerField()),
                ('size', models.IntegerField()),
                ('seed', models.BigIntegerField()),
                ('double_percent', models.IntegerField(default=0)),
                ('form', models.CharField(max_length=80)),
                ('form_version', models.CharField(max_length=40)),
                ('form_digest', models.CharField(max_length=64)),
                ('form_text', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='SampleItem',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('ordinal', models.IntegerField()),
                ('stratum', models.CharField(max_length=80, null=True)),
                ('weight', models.IntegerField(default=1)),
                ('is_double', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('scored', 'scored'), ('disputed', 'disputed'), ('settled', 'settled')], default='waiting', max_length=24)),
                ('disputed_at', models.DateTimeField(null=True)),
                ('dispute_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Sheet',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('part', models.CharField(choices=[('first', 'first'), ('second', 'second'), ('look', 'look')], max_length=24)),
                ('filled_at', models.DateTimeField()),
                ('form', models.CharField(max_length=80)),
                ('form_version', models.CharField(max_length=40)),
                ('form_digest', models.CharField(max_length=64)),
                ('answers', models.JSONField()),
                ('score_ppm', models.IntegerField(null=True)),
                ('red_lines', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, size=None)),
                ('is_passed', models.BooleanField()),
                ('comment_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name='contact',
            name='contact_ledger',
        ),
        migrations.AddField(
            model_name='contact',
            name='rules',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, size=None),
        ),
        migrations.AddField(
            model_name='contact',
            name='verdict',
            field=models.CharField(choices=[('allow', 'allow'), ('warn', 'warn'), ('review', 'review'), ('deny', 'deny')], max_length=12, null=True),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['lender', '-attempted_at', '-id'], name='contact_ledger'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['lender', 'verdict', '-attempted_at', '-id'], name='contact_verdicts'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['made_by', '-attempted_at', '-id'], name='contact_made_by'),
        ),
        migrations.AddField(
            model_name='contactrule',
            name='contact',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='spoken', to='work.contact'),
        ),
        migrations.AddField(
            model_name='export',
            name='approval',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='work.approval'),
        ),
        migrations.AddField(
            model_name='export',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='exportpart',
            name='export',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.export'),
        ),
        migrations.AddField(
            model_name='sample',
            name='drawn_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sampleitem',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='sampleitem',
            name='collector',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='work.collector'),
        ),
        migrations.AddField(
            model_name='sampleitem',
            name='contact',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.contact'),
        ),
        migrations.AddField(
            model_name='sampleitem',
            name='disputed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sampleitem',
            name='sample',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.sample'),
        ),
        migrations.AddField(
            model_name='sheet',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='sheet',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.sampleitem'),
        ),
        migrations.AddField(
            model_name='sheet',
            name='reviewer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='contactrule',
            index=models.Index(fields=['lender', 'rule', '-attempted_at', '-contact'], name='contact_rule_ledger'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['lender', '-asked_at'], name='export_latest'),
        ),
        migrations.AddConstraint(
            model_name='exportpart',
            constraint=models.UniqueConstraint(fields=('export', 'ordinal'), name='export_part_place'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['lender', '-drawn_at'], name='sample_latest'),
        ),
        migrations.AddIndex(
            model_name='sampleitem',
            index=models.Index(fields=['lender', 'state'], name='sample_item_state'),
        ),
        migrations.AddConstraint(
            model_name='sampleitem',
            constraint=models.UniqueConstraint(fields=('sample', 'ordinal'), name='sample_place'),
        ),
        migrations.AddConstraint(
            model_name='sampleitem',
            constraint=models.UniqueConstraint(fields=('sample', 'contact'), name='sample_once'),
        ),
        migrations.AddConstraint(
            model_name='sheet',
            constraint=models.UniqueConstraint(fields=('item', 'part'), name='sheet_part'),
        ),
        migrations.AddConstraint(
            model_name='sheet',
            constraint=models.UniqueConstraint(fields=('item', 'reviewer'), name='sheet_reviewer'),
        ),
    ]
