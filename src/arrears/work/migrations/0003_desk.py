"""The tables of the desk: reminders, matters, plans and what they rest on, quality checks, exports, coaching, absences, runs; and what cases, contacts and parties know since."""

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
            name='Absence',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('leave', 'leave'), ('sick', 'sick'), ('training', 'training'), ('other', 'other')], max_length=24)),
                ('from_on', models.DateField()),
                ('until_on', models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='CoachingNote',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('note', 'note'), ('one_to_one', 'one_to_one')], max_length=24)),
                ('written_at', models.DateTimeField()),
                ('text_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
                ('follow_up_on', models.DateField(null=True)),
                ('followed_up_at', models.DateTimeField(null=True)),
                ('answer_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
                ('read_at', models.DateTimeField(null=True)),
            ],
        ),
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
                ('made_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), default=list, size=None)),
                ('made_teams', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, size=None)),
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
            name='Hardship',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('raised_at', models.DateTimeField()),
                ('decide_by_on', models.DateField()),
                ('reason', models.CharField(choices=[('illness', 'illness'), ('job_lost', 'job_lost'), ('income_cut', 'income_cut'), ('business_failing', 'business_failing'), ('project_delayed', 'project_delayed'), ('disaster', 'disaster'), ('family', 'family'), ('other', 'other')], max_length=24)),
                ('raised_by', models.CharField(choices=[('debtor', 'debtor'), ('other_person', 'other_person'), ('regulator', 'regulator'), ('internal', 'internal')], default='debtor', max_length=24)),
                ('came_by', models.CharField(choices=[('call', 'call'), ('counter', 'counter'), ('letter', 'letter'), ('online', 'online'), ('hotline_12378', 'hotline_12378'), ('regulator', 'regulator'), ('court', 'court'), ('other', 'other')], default='other', max_length=24)),
                ('text_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
                ('state', models.CharField(choices=[('open', 'open'), ('refusing', 'refusing'), ('plan', 'plan'), ('paused', 'paused'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='open', max_length=24)),
                ('evidence', models.CharField(choices=[('none', 'none'), ('wanted', 'wanted'), ('received', 'received')], default='none', max_length=24)),
                ('wanted_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
                ('sheet_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('answer_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
                ('until_on', models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='MatterEvidence',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MatterNote',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
                ('text_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MatterTask',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('what', models.CharField(choices=[('correct_book', 'correct_book'), ('refund', 'refund'), ('close_number', 'close_number'), ('coach', 'coach'), ('apologise', 'apologise'), ('withdraw_report', 'withdraw_report'), ('other', 'other')], max_length=24)),
                ('text_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
                ('due_on', models.DateField(null=True)),
                ('set_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
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
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('call_back', 'call_back'), ('promise_due', 'promise_due'), ('promise_broken', 'promise_broken'), ('instalment_due', 'instalment_due'), ('plan_broken', 'plan_broken'), ('answer_due', 'answer_due')], max_length=24)),
                ('due_at', models.DateTimeField()),
                ('subject', models.UUIDField(null=True)),
                ('made_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('done_why', models.CharField(choices=[('done', 'done'), ('paid', 'paid'), ('over', 'over')], max_length=24, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Rulebook',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('as_of', models.DateField()),
                ('book', models.TextField()),
                ('lender_text', models.TextField()),
                ('texts', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('score_words', models.JSONField(default=dict)),
            ],
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
                ('state', models.CharField(choices=[('unscored', 'unscored'), ('scored', 'scored'), ('disputed', 'disputed'), ('settled', 'settled')], default='unscored', max_length=24)),
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
            model_name='case',
            name='ready_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='ready_why',
            field=models.CharField(choices=[('call_back', 'call_back'), ('promise_due', 'promise_due'), ('promise_broken', 'promise_broken'), ('plan_broken', 'plan_broken'), ('paid_said', 'paid_said'), ('plan_asked', 'plan_asked'), ('tried', 'tried'), ('talked', 'talked'), ('put_back', 'put_back')], max_length=24, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='reserved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='case',
            name='reserved_until',
            field=models.DateTimeField(null=True),
        ),
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
            model_name='complaint',
            name='about_account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='complaint',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='complaint',
            name='approval',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.approval'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='assigned_to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='complaint',
            name='before_extension_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='complaint',
            name='came_by',
            field=models.CharField(choices=[('call', 'call'), ('counter', 'counter'), ('letter', 'letter'), ('online', 'online'), ('hotline_12378', 'hotline_12378'), ('regulator', 'regulator'), ('court', 'court'), ('other', 'other')], default='other', max_length=24),
        ),
        migrations.AddField(
            model_name='complaint',
            name='follows',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.complaint'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='letter',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.attachment'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='rests_on',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='complaint',
            name='matter',
            field=models.CharField(choices=[('simple', 'simple'), ('complex', 'complex')], default='simple', max_length=24),
        ),
        migrations.AddField(
            model_name='complaint',
            name='raised_by',
            field=models.CharField(choices=[('debtor', 'debtor'), ('other_person', 'other_person'), ('regulator', 'regulator'), ('internal', 'internal')], default='debtor', max_length=24),
        ),
        migrations.AddField(
            model_name='contact',
            name='hardship',
            field=models.CharField(choices=[('illness', 'illness'), ('job_lost', 'job_lost'), ('income_cut', 'income_cut'), ('business_failing', 'business_failing'), ('project_delayed', 'project_delayed'), ('disaster', 'disaster'), ('family', 'family'), ('other', 'other')], max_length=24, null=True),
        ),
        migrations.AddField(
            model_name='contact',
            name='result',
            field=models.CharField(choices=[('promise', 'promise'), ('part_promise', 'part_promise'), ('says_paid', 'says_paid'), ('refuses', 'refuses'), ('cannot_pay', 'cannot_pay'), ('asks_plan', 'asks_plan'), ('disputes', 'disputes'), ('complains', 'complains'), ('asks_stop', 'asks_stop'), ('wrong_person', 'wrong_person'), ('call_back', 'call_back'), ('deceased', 'deceased'), ('in_prison', 'in_prison'), ('bankrupt', 'bankrupt'), ('vulnerable', 'vulnerable'), ('no_answer', 'no_answer'), ('busy', 'busy'), ('voicemail', 'voicemail'), ('not_in_use', 'not_in_use')], max_length=24, null=True),
        ),
        migrations.AddField(
            model_name='contact',
            name='rules',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='contact',
            name='verdict',
            field=models.CharField(choices=[('allow', 'allow'), ('warn', 'warn'), ('review', 'review'), ('deny', 'deny')], max_length=24, null=True),
        ),
        migrations.AddField(
            model_name='debt',
            name='scores',
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name='dispute',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dispute',
            name='approval',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.approval'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='assigned_to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dispute',
            name='before_extension_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='dispute',
            name='came_by',
            field=models.CharField(choices=[('call', 'call'), ('counter', 'counter'), ('letter', 'letter'), ('online', 'online'), ('hotline_12378', 'hotline_12378'), ('regulator', 'regulator'), ('court', 'court'), ('other', 'other')], default='other', max_length=24),
        ),
        migrations.AddField(
            model_name='dispute',
            name='follows',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.dispute'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='letter',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.attachment'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='rests_on',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='dispute',
            name='matter',
            field=models.CharField(choices=[('simple', 'simple'), ('complex', 'complex')], default='simple', max_length=24),
        ),
        migrations.AddField(
            model_name='dispute',
            name='raised_by',
            field=models.CharField(choices=[('debtor', 'debtor'), ('other_person', 'other_person'), ('regulator', 'regulator'), ('internal', 'internal')], default='debtor', max_length=24),
        ),
        migrations.AddField(
            model_name='hold',
            name='until_on',
            field=models.DateField(null=True),
        ),
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
            name='owed',
            field=models.JSONField(default=dict),
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
        migrations.AddField(
            model_name='promise',
            name='pay_channel',
            field=models.CharField(choices=[('app', 'app'), ('transfer', 'transfer'), ('auto_debit', 'auto_debit'), ('counter', 'counter'), ('other', 'other')], max_length=24, null=True),
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
        migrations.AlterField(
            model_name='approval',
            name='kind',
            field=models.CharField(choices=[('waiver', 'waiver'), ('plan', 'plan'), ('strategy', 'strategy'), ('export', 'export'), ('unmasking', 'unmasking'), ('erasure', 'erasure'), ('extension', 'extension')], max_length=24),
        ),
        migrations.AlterField(
            model_name='party',
            name='role',
            field=models.CharField(choices=[('debtor', 'debtor'), ('co_debtor', 'co_debtor'), ('guarantor', 'guarantor'), ('reserved_contact', 'reserved_contact'), ('heir', 'heir'), ('guardian', 'guardian')], max_length=24),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['lender', 'state', 'rank', 'id'], name='case_of_lender'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['team', 'held_by', 'currency', 'bucket'], include=('id', 'lender', 'claimable_minor', 'worked_at', 'rank', 'days_past_due'), name='case_of_team'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['id'], include=('lender', 'team', 'held_by'), name='case_seen'),
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(condition=models.Q(('lifted_at', None)), fields=['lender', 'placed_at', 'id'], name='hold_stands_since'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state', 'closed')), fields=['team', 'closed_on'], include=('id', 'lender', 'closed_why'), name='case_closed_of_team'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('frozen_at', None), ('held_by', None), ('state', 'open')), fields=['team', 'rank', 'id'], name='case_unheld'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('frozen_at', None), ('held_by', None), ('ready_why__isnull', False), ('state', 'open')), fields=['team', 'ready_why', 'ready_at'], name='case_unheld_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('ready_why__isnull', False), ('state', 'open')), fields=['held_by', 'ready_why', 'ready_at'], name='case_held_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('reserved_by__isnull', False)), fields=['reserved_by'], name='case_reserved'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(fields=['lender', 'state', 'answer_by_on'], name='complaint_clock'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(fields=['lender', 'raised_at'], name='complaint_raised'),
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
            index=models.Index(fields=['lender', 'channel', '-attempted_at', '-id'], name='contact_channels'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['made_by', '-attempted_at', '-id'], name='contact_made_by'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['lender', 'state', 'answer_by_on'], name='dispute_clock'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['lender', 'raised_at'], name='dispute_raised'),
        ),
        migrations.AddIndex(
            model_name='placement',
            index=models.Index(condition=models.Q(('returned_on', None)), fields=['team', 'placed_on'], include=('case', 'lender'), name='placement_of_team'),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(fields=['taken_by', 'promised_on'], name='promise_taken_by'),
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
        migrations.AddField(
            model_name='absence',
            name='collector',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='work.collector'),
        ),
        migrations.AddField(
            model_name='absence',
            name='put_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='coachingnote',
            name='case',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='coachingnote',
            name='collector',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='work.collector'),
        ),
        migrations.AddField(
            model_name='coachingnote',
            name='contact',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.contact'),
        ),
        migrations.AddField(
            model_name='coachingnote',
            name='written_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
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
            model_name='hardship',
            name='assigned_to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='hardship',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='hardship',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='hardship',
            name='follows',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.hardship'),
        ),
        migrations.AddField(
            model_name='hardship',
            name='hold',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='work.hold'),
        ),
        migrations.AddField(
            model_name='hardship',
            name='letter',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='work.attachment'),
        ),
        migrations.AddField(
            model_name='hardship',
            name='refused_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='matterevidence',
            name='added_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='matterevidence',
            name='attachment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='work.attachment'),
        ),
        migrations.AddField(
            model_name='matterevidence',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='matterevidence',
            name='complaint',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.complaint'),
        ),
        migrations.AddField(
            model_name='matterevidence',
            name='dispute',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.dispute'),
        ),
        migrations.AddField(
            model_name='matterevidence',
            name='hardship',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.hardship'),
        ),
        migrations.AddField(
            model_name='matternote',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='matternote',
            name='complaint',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.complaint'),
        ),
        migrations.AddField(
            model_name='matternote',
            name='dispute',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.dispute'),
        ),
        migrations.AddField(
            model_name='matternote',
            name='hardship',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.hardship'),
        ),
        migrations.AddField(
            model_name='matternote',
            name='written_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mattertask',
            name='assigned_to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mattertask',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='mattertask',
            name='complaint',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.complaint'),
        ),
        migrations.AddField(
            model_name='mattertask',
            name='dispute',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.dispute'),
        ),
        migrations.AddField(
            model_name='mattertask',
            name='done_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mattertask',
            name='hardship',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='work.hardship'),
        ),
        migrations.AddConstraint(
            model_name='nightstrategy',
            constraint=models.UniqueConstraint(fields=('lender', 'digest'), name='strategy_once'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='contact_point',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='work.contactpoint'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='done_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reminder',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='rulebook',
            constraint=models.UniqueConstraint(fields=('lender',), name='one_rulebook'),
        ),
        migrations.AddField(
            model_name='run',
            name='asked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='run',
            name='cancel_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='run',
            name='repeats',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='work.run'),
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
            model_name='absence',
            index=models.Index(fields=['lender', 'collector', 'from_on'], name='absence_of'),
        ),
        migrations.AddConstraint(
            model_name='absence',
            constraint=models.CheckConstraint(condition=models.Q(('until_on', None), ('until_on__gte', models.F('from_on')), _connector='OR'), name='absence_ends_after_it_begins'),
        ),
        migrations.AddIndex(
            model_name='coachingnote',
            index=models.Index(fields=['lender', 'collector', '-written_at'], name='coaching_of'),
        ),
        migrations.AddIndex(
            model_name='coachingnote',
            index=models.Index(condition=models.Q(('followed_up_at', None)), fields=['lender', 'follow_up_on'], name='coaching_to_follow_up'),
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
            model_name='hardship',
            index=models.Index(fields=['lender', 'state', 'decide_by_on'], name='hardship_clock'),
        ),
        migrations.AddIndex(
            model_name='hardship',
            index=models.Index(fields=['lender', 'raised_at'], name='hardship_raised'),
        ),
        migrations.AddConstraint(
            model_name='hardship',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'refusing'])), fields=('case',), name='one_open_hardship'),
        ),
        migrations.AddConstraint(
            model_name='hardship',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('decided_by', models.F('refused_by')), _negated=True), _connector='OR'), name='refusal_by_two'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['case', 'due_at'], name='reminder_open'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['lender', 'subject'], name='reminder_subject'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['lender', 'due_at'], name='reminder_due'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(fields=('case', 'kind', 'subject', 'due_at'), name='reminded_once'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['lender', '-asked_at'], name='run_latest'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('state__in', ('waiting', 'running'))), fields=['lender', 'asked_at'], name='run_due'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('book__isnull', False), ('state', 'running')), fields=('lender', 'book'), name='one_run_a_book'),
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
