// Reads a record with Go's own implementation of signed notes and tiled logs (golang.org/x/mod/sumdb), which shares nothing with this project.
// Compiled by test_go.py. What it is asked comes on standard input, a JSON object a line; what it found goes out the same way.
//
//	record_reader log FOLDER VKEY [WITNESS-VKEY...]   the whole log: checkpoints, tiles, entries; then the proofs that are asked for
//	record_reader check                               proofs, notes and bundles that another made
//	record_reader write FOLDER SECRET SIZE...         a log of Go's own making, laid out as ours, with a checkpoint at each size; the entries come on standard input, base64 a line
//	record_reader key NAME                            a new key pair; record_reader sign: signs a text with it
package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// cosigner verifies cosignature/v1 of C2SP tlog-cosignature: eight bytes of time, then an Ed25519 signature over header, time and note.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.id }
func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature[:8]), text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a verifier key has three parts")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != 0x04 {
		return nil, errors.New("no Ed25519 cosigner's key")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	id := binary.BigEndian.Uint32(digest[:4])
	if fmt.Sprintf("%08x", id) != parts[1] {
		return nil, errors.New("the key id is not that of the key")
	}
	return &cosigner{parts[0], id, key[1:]}, nil
}

// folder reads tiles of height 8 as C2SP tlog-tiles lays them out: the same paths as tlog's, without the height.
type folder struct{ path string }

func (f folder) Height() int                     { return 8 }
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (f folder) file(level string, t tlog.Tile) string {
	parts := strings.SplitN(t.Path(), "/", 4)
	return filepath.Join(f.path, "tile", level, filepath.FromSlash(parts[3]))
}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		found, err := os.ReadFile(f.file(strconv.Itoa(t.L), t))
		if os.IsNotExist(err) && t.W < 256 {
			// The partial tile may be gone once the full one is there; its hashes are the first of it.
			full := t
			full.W = 256
			found, err = os.ReadFile(f.file(strconv.Itoa(t.L), full))
			if err == nil && len(found) > t.W*tlog.HashSize {
				found = found[:t.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		data[i] = found
	}
	return data, nil
}

// entries are the records of one bundle, each after its length in two bytes.
func (f folder) entries(t tlog.Tile) ([][]byte, error) {
	data, err := os.ReadFile(f.file("entries", t))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("an entry is cut off")
		}
		n := int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:2+n])
		data = data[2+n:]
	}
	if len(entries) != t.W {
		return nil, fmt.Errorf("%d entries, not %d", len(entries), t.W)
	}
	return entries, nil
}

type checkpoint struct {
	tree     tlog.Tree
	origin   string
	signed   []string
	unsigned int
}

func open(text string, known note.Verifiers) (*checkpoint, error) {
	opened, err := note.Open([]byte(text), known)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return nil, fmt.Errorf("%d lines", len(lines))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return nil, errors.New("no size")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return nil, err
	}
	found := &checkpoint{tree: tlog.Tree{N: size, Hash: root}, origin: lines[0], unsigned: len(opened.UnverifiedSigs)}
	for _, signature := range opened.Sigs {
		found.signed = append(found.signed, signature.Name)
	}
	return found, nil
}

// question is what a line of standard input asks.
type question struct {
	Kind    string
	Size    int64
	Index   int64
	Old     int64
	Root    tlog.Hash
	OldRoot tlog.Hash `json:"old_root"`
	Entry   []byte
	Hashes  []tlog.Hash
	Key     string
	Text    string
}

func questions(answer func(question) (interface{}, error)) error {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			return err
		}
		found, err := answer(asked)
		if err != nil {
			found = map[string]string{"error": err.Error()}
		}
		line, err := json.Marshal(found)
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	return in.Err()
}

func readLog(path, vkey string, witnesses []string) error {
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	known := []note.Verifier{log}
	for _, witness := range witnesses {
		verifier, err := newCosigner(witness)
		if err != nil {
			return err
		}
		known = append(known, verifier)
	}
	newest, err := os.ReadFile(filepath.Join(path, "checkpoint"))
	if err != nil {
		return err
	}
	verifiers := note.VerifierList(known...)
	head, err := open(string(newest), verifiers)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	reader := tlog.TileHashReader(head.tree, folder{path})
	if err := readEntries(folder{path}, head.tree.N, reader); err != nil {
		return err
	}
	history, err := readHistory(path, verifiers, head, reader)
	if err != nil {
		return err
	}
	summary, _ := json.Marshal(map[string]interface{}{"origin": head.origin, "size": head.tree.N, "root": head.tree.Hash, "signed": head.signed, "unknown": head.unsigned, "checkpoints": history})
	fmt.Println(string(summary))
	return questions(func(asked question) (interface{}, error) {
		switch asked.Kind {
		case "record":
			return tlog.ProveRecord(asked.Size, asked.Index, reader)
		case "tree":
			return tlog.ProveTree(asked.Size, asked.Old, reader)
		case "root":
			return tlog.TreeHash(asked.Size, reader)
		}
		return nil, errors.New("unknown question")
	})
}

// readEntries finds that every entry is the record its authenticated hash speaks of.
func readEntries(f folder, size int64, reader tlog.HashReader) error {
	for start := int64(0); start < size; start += 256 {
		width := size - start
		if width > 256 {
			width = 256
		}
		entries, err := f.entries(tlog.Tile{H: 8, L: 0, N: start / 256, W: int(width)})
		if err != nil {
			return fmt.Errorf("entries from %d: %w", start, err)
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, start+int64(i))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return fmt.Errorf("hashes from %d: %w", start, err)
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				return fmt.Errorf("entry %d is not the one in the tree", start+int64(i))
			}
		}
	}
	return nil
}

// readHistory finds that every checkpoint ever signed is signed, is what the tree was at its size, and is proven to be a beginning of the newest.
func readHistory(path string, known note.Verifiers, head *checkpoint, reader tlog.HashReader) (int, error) {
	file, err := os.ReadFile(filepath.Join(path, "checkpoints"))
	if err != nil {
		return 0, err
	}
	lines := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
	for number, line := range lines {
		var text string
		if err := json.Unmarshal([]byte(line), &text); err != nil {
			return 0, fmt.Errorf("checkpoints, line %d: %w", number+1, err)
		}
		found, err := open(text, known)
		if err != nil {
			return 0, fmt.Errorf("checkpoints, line %d: %w", number+1, err)
		}
		if found.origin != head.origin {
			return 0, fmt.Errorf("checkpoints, line %d: another origin", number+1)
		}
		if found.tree.N == 0 {
			continue // tlog proves nothing about the empty tree.
		}
		proof, err := tlog.ProveTree(head.tree.N, found.tree.N, reader)
		if err != nil {
			return 0, fmt.Errorf("checkpoints, line %d: %w", number+1, err)
		}
		if err := tlog.CheckTree(proof, head.tree.N, head.tree.Hash, found.tree.N, found.tree.Hash); err != nil {
			return 0, fmt.Errorf("checkpoints, line %d: %w", number+1, err)
		}
	}
	return len(lines), nil
}

// writeLog lays out a log with Go's own tree, tiles and signatures, as the project's format says.
func writeLog(path, secret string, sizes []string) error {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	stored := []tlog.Hash{}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			found[i] = stored[x]
		}
		return found, nil
	})
	in := bufio.NewScanner(os.Stdin)
	var entries [][]byte
	var history []byte
	old := int64(0)
	for _, text := range sizes {
		size, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		for int64(len(entries)) < size && in.Scan() {
			entry, err := base64.StdEncoding.DecodeString(in.Text())
			if err != nil {
				return err
			}
			hashes, err := tlog.StoredHashes(int64(len(entries)), entry, reader)
			if err != nil {
				return err
			}
			stored = append(stored, hashes...)
			entries = append(entries, entry)
		}
		for _, tile := range tlog.NewTiles(8, old, size) {
			// NewTiles names every width a tile ever had; the ones of this size are whole, or as wide as the size makes them.
			if tile.W != 256 && int64(tile.W) != size>>uint(8*tile.L)&255 {
				continue
			}
			data, err := tlog.ReadTileData(tile, reader)
			if err != nil {
				return err
			}
			if err := put(path, strconv.Itoa(tile.L), tile, data); err != nil {
				return err
			}
			if tile.L > 0 {
				continue
			}
			var bundle []byte
			for _, entry := range entries[tile.N<<8 : tile.N<<8+int64(tile.W)] {
				bundle = append(append(bundle, byte(len(entry)>>8), byte(len(entry))), entry...)
			}
			if err := put(path, "entries", tile, bundle); err != nil {
				return err
			}
		}
		root := tlog.Hash(sha256.Sum256(nil))
		if size > 0 {
			if root, err = tlog.TreeHash(size, reader); err != nil {
				return err
			}
		}
		signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", signer.Name(), size, root)}, signer)
		if err != nil {
			return err
		}
		line, err := json.Marshal(string(signed))
		if err != nil {
			return err
		}
		history = append(append(history, line...), '\n')
		if err := os.WriteFile(filepath.Join(path, "checkpoint"), signed, 0o644); err != nil {
			return err
		}
		old = size
	}
	return os.WriteFile(filepath.Join(path, "checkpoints"), history, 0o644)
}

// put writes a tile, and takes away the partial ones that a whole one replaces.
func put(path, level string, tile tlog.Tile, data []byte) error {
	file := folder{path}.file(level, tile)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if tile.W == 256 {
		if err := os.RemoveAll(file + ".p"); err != nil {
			return err
		}
	}
	return os.WriteFile(file, data, 0o644)
}

// bundle is the file that opens one entry of a record.
type bundle struct {
	Format  string
	Content string
	Salt    string
	Proof   string
}

// readBundle finds that content and salt are the entry that the proof leads from, in a checkpoint signed by the key; it gives back the entry's index and the checkpoint's size.
func readBundle(text, vkey string) (interface{}, error) {
	var given bundle
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return nil, err
	}
	salt, err := hex.DecodeString(given.Salt)
	if err != nil || len(salt) != 32 || given.Format != "arrears-record-bundle/1" {
		return nil, errors.New("no bundle")
	}
	entry := sha256.Sum256([]byte("arrears record v1\n" + string(salt) + given.Content))
	head, signed := given.Proof, ""
	if at := strings.Index(given.Proof, "\n\n"); at >= 0 {
		head, signed = given.Proof[:at], given.Proof[at+2:]
	}
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return nil, errors.New("no tlog-proof")
	}
	index, err := strconv.ParseInt(lines[1][6:], 10, 64)
	if err != nil {
		return nil, err
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		path = append(path, hash)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	found, err := open(signed, note.VerifierList(verifier))
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(path, found.tree.N, found.tree.Hash, index, tlog.RecordHash(entry[:])); err != nil {
		return nil, err
	}
	return []int64{index, found.tree.N}, nil
}

func run(arguments []string) error {
	if len(arguments) > 3 && arguments[0] == "write" {
		return writeLog(arguments[1], arguments[2], arguments[3:])
	}
	if len(arguments) >= 3 && arguments[0] == "log" {
		return readLog(arguments[1], arguments[2], arguments[3:])
	}
	if len(arguments) == 2 && arguments[0] == "key" {
		secret, public, err := note.GenerateKey(rand.Reader, arguments[1])
		fmt.Printf("%s\n%s\n", secret, public)
		return err
	}
	if len(arguments) != 1 {
		return errors.New("asked wrongly")
	}
	switch arguments[0] {
	case "check":
		return questions(func(asked question) (interface{}, error) {
			switch asked.Kind {
			case "record":
				return true, tlog.CheckRecord(asked.Hashes, asked.Size, asked.Root, asked.Index, tlog.RecordHash(asked.Entry))
			case "tree":
				return true, tlog.CheckTree(asked.Hashes, asked.Size, asked.Root, asked.Old, asked.OldRoot)
			case "cosigned":
				cosigner, err := newCosigner(asked.Key)
				if err != nil {
					return nil, err
				}
				opened, err := note.Open([]byte(asked.Text), note.VerifierList(cosigner))
				if err != nil {
					return nil, err
				}
				return len(opened.Sigs), nil
			case "bundle":
				return readBundle(asked.Text, asked.Key)
			case "signed":
				verifier, err := note.NewVerifier(asked.Key)
				if err != nil {
					return nil, err
				}
				opened, err := note.Open([]byte(asked.Text), note.VerifierList(verifier))
				if err != nil {
					return nil, err
				}
				return opened.Text, nil
			}
			return nil, errors.New("unknown question")
		})
	case "sign":
		return questions(func(asked question) (interface{}, error) {
			signer, err := note.NewSigner(asked.Key)
			if err != nil {
				return nil, err
			}
			signed, err := note.Sign(&note.Note{Text: asked.Text}, signer)
			return string(signed), err
		})
	}
	return errors.New("asked wrongly")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
