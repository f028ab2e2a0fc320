"""What is done about disputes, complaints and hardship, and what the two had not: who raised them by which way, further days, assignment, the letter of the answer."""

import arrears.work.models.row
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
            name='matter',
            field=models.CharField(choices=[('simple', 'simple'), ('complex', 'complex')], default='simple', max_length=24),
        ),
        migrations.AddField(
            model_name='complaint',
            name='raised_by',
            field=models.CharField(choices=[('debtor', 'debtor'), ('other_person', 'other_person'), ('regulator', 'regulator'), ('internal', 'internal')], default='debtor', max_length=24),
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
            model_name='complaint',
            index=models.Index(fields=['lender', 'state', 'answer_by_on'], name='complaint_clock'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(fields=['lender', 'raised_at'], name='complaint_raised'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['lender', 'state', 'answer_by_on'], name='dispute_clock'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['lender', 'raised_at'], name='dispute_raised'),
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
    ]
