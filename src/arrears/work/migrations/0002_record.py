"""The record's leaves, those of them that wait, and their places; every Entry that stands already gets its leaf too, in the order of their numbers lender by lender.

What was personal of an Entry of before is committed to by nothing: it is sealed, and this step has no keys. Payments of before have no leaves of their own.
Of whoever was erased before, what erasing destroys from now on is destroyed now: what opens their leaves, and what was kept of their Entries and answers.
"""

import uuid
from hashlib import sha256

import django.db.models.deletion
from django.db import migrations, models

import arrears.work.models.row

PIECE = 2_000


def leaves_of_entries(apps, schema_editor):
    """One leaf, waiting for its place, for each Entry of every lender. Row-level security holds the owner too, so each lender is said to the database in turn."""
    from arrears.work.entry_leaf import entry_content, salt_of

    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT code FROM work_lender ORDER BY code")
        for (lender,) in cursor.fetchall():
            cursor.execute("SELECT set_config('arrears.lender', %s, true), set_config('arrears.teams', '*', true)", [lender])
            last = -1
            while True:
                cursor.execute(_ENTRIES, {"lender": lender, "last": last, "piece": PIECE})
                rows = cursor.fetchall()
                if not rows:
                    break
                leaves = []
                for at_text, salt, told in rows:
                    content = entry_content(**{**told, "entry": uuid.UUID(told["entry"]), "at": at_text})
                    leaves.append((told["entry"], lender, told["case"], at_text, content, salt_of(bytes(salt))))
                cursor.executemany('INSERT INTO work_leaf (id, lender, kind, entry_id, "case", at, content, salt) VALUES (%s, %s, \'entry\', %s, %s, %s, %s, %s)',
                                   [(one[0], one[1], one[0], *one[2:]) for one in leaves])
                cursor.executemany("INSERT INTO work_waiting (leaf, commitment, at) VALUES (%s, %s, %s)",
                                   [(one[0], sha256(b"arrears record v1\n" + one[5] + one[4].encode()).digest(), one[3]) for one in leaves])
                last = rows[-1][2]["number"]
            cursor.execute("ALTER TABLE work_entry DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE work_answer DISABLE TRIGGER USER")
            cursor.execute(_FORGOTTEN, {"lender": lender})
            cursor.execute("ALTER TABLE work_entry ENABLE TRIGGER USER")
            cursor.execute("ALTER TABLE work_answer ENABLE TRIGGER USER")


_ENTRIES = """SELECT e.at, e.salt, jsonb_build_object('lender', e.lender, 'entry', e.id, 'number', e.number, 'case', e."case", 'actor', e.actor, 'actor_name', e.actor_name, 'roles', e.roles, 'via', e.via,
  'verb', e.verb, 'purpose', e.purpose, 'reason', e.reason, 'parameters', e.parameters, 'result', e.result, 'policies', e.policies, 'refused', e.is_refused, 'key', e."key",
  'changes', (SELECT coalesce(jsonb_agg(jsonb_build_object('table', c."table", 'operation', c.operation, 'rows', c.rows, 'ids', c.ids, 'before', encode(c.before, 'hex'), 'after', encode(c.after, 'hex'))
              ORDER BY c.id), '[]') FROM work_change c WHERE c.entry_id = e.id))::text::json
FROM work_entry e WHERE e.lender = %(lender)s AND e.number > %(last)s ORDER BY e.number LIMIT %(piece)s"""

_FORGOTTEN = """
WITH gone AS (SELECT e.id, e.lender, e."key", coalesce(e.actor::text, e.actor_name) AS who FROM work_entry e WHERE e.lender = %(lender)s AND e.verb <> 'person.erase' AND e."case" IN
       (SELECT p.case_id FROM work_party p WHERE p.lender = %(lender)s AND p.role = 'debtor' AND p.erased_at IS NOT NULL)),
     leaves AS (UPDATE work_leaf l SET content = NULL, salt = NULL FROM gone WHERE l.id = gone.id),
     answers AS (UPDATE work_answer a SET answer = '{}', digest = '' FROM gone WHERE a.lender = gone.lender AND a."key" = gone."key" AND a.actor = gone.who)
UPDATE work_entry e SET salt = '', result = '{}', parameters = CASE WHEN e.verb = 'person.correct' THEN jsonb_build_object('party', e.parameters -> 'party') ELSE '{}' END
  FROM gone WHERE e.id = gone.id"""


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Place',
            fields=[
                ('index', models.BigIntegerField(primary_key=True, serialize=False)),
                ('leaf', models.UUIDField(null=True, unique=True)),
                ('commitment', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Waiting',
            fields=[
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('leaf', models.UUIDField()),
                ('commitment', models.BinaryField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Leaf',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('entry', 'entry'), ('payment', 'payment'), ('night', 'night'), ('load', 'load'), ('release_model', 'release_model'), ('release_strategy', 'release_strategy'), ('law_pack', 'law_pack'), ('gap', 'gap')], max_length=24)),
                ('case', models.UUIDField(null=True)),
                ('source', models.CharField(max_length=200, null=True)),
                ('at', models.DateTimeField()),
                ('content', models.TextField(null=True)),
                ('salt', models.BinaryField(null=True)),
                ('fields_sealed', arrears.work.models.row.SealedField(kind='text', null=True)),
                ('entry', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='work.entry')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('case__isnull', False)), fields=['case'], name='leaf_of_case')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('source__isnull', False)), fields=('lender', 'source'), name='leaf_of_source')],
            },
        ),
        migrations.RunPython(leaves_of_entries, migrations.RunPython.noop),
    ]
