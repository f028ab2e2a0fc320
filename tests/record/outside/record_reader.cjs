// Reads what the record publishes with sigstore's JavaScript (checkpoints, inclusion proofs, RFC 3161 stamps) and the RFC 8785 author's, which share nothing with this project.
// Run by test_javascript.py as: node record_reader.cjs NODE_MODULES. Asked on standard input, a JSON object a line; answers the same way.
'use strict';
const { createPublicKey } = require('crypto');
const readline = require('readline');
const from = require('module').createRequire(process.argv[2] + '/');
const { verifyMerkleInclusion } = from('@sigstore/verify/dist/tlog/merkle.js');
const { verifyCheckpoint } = from('@sigstore/verify/dist/tlog/checkpoint.js');
const { RFC3161Timestamp, json } = from('@sigstore/core');
const canonicalize = from('canonicalize');

const bytes = (text) => Buffer.from(text, 'base64');

const answers = {
  // Whether the hashes lead from the entry to the root; throws where they do not.
  record: ({ index, size, root, entry, hashes }) => {
    verifyMerkleInclusion({ inclusionProof: { logIndex: String(index), hashes: hashes.map(bytes) }, canonicalizedBody: bytes(entry) }, { logSize: String(size), logHash: bytes(root) });
    return true;
  },
  // What the note signed by the log's key says; the key's id begins what sigstore takes for the log's.
  checkpoint: ({ text, name, id, key }) => {
    const log = { logID: Buffer.from(id, 'hex'), baseURL: name, publicKey: createPublicKey({ key: bytes(key), format: 'der', type: 'spki' }) };
    const found = verifyCheckpoint({ inclusionProof: { checkpoint: { envelope: text } } }, [log]);
    return { origin: found.origin, size: Number(found.logSize), root: found.logHash.toString('base64') };
  },
  // The authority's time, in milliseconds, where its key signed a stamp over the text.
  stamp: ({ stamp, text, key }) => {
    const found = RFC3161Timestamp.parse(bytes(stamp));
    found.verify(Buffer.from(text, 'utf-8'), createPublicKey(key));
    return { status: Number(found.status), at: found.signingTime.getTime() };
  },
  // The canonical text of a JSON value, as two programs write it.
  json: ({ text }) => [canonicalize(JSON.parse(text)), json.canonicalize(JSON.parse(text))],
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const asked = JSON.parse(line);
  let found;
  try {
    found = answers[asked.kind](asked);
  } catch (problem) {
    found = { error: String(problem.message || problem) };
  }
  process.stdout.write(JSON.stringify(found) + '\n');
});
