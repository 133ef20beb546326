package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// hostile is a snapshot made by hand, block by block.
type hostile struct {
	blocks []block.Block
	issuer *testissuer.Issuer
	token  string
	key    string // of the issuer's record
	record map[string]any
}

const slots = "0123456789abcdefghijklmnopqrstuv"

func newHostile() *hostile {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	sum := sha256.Sum256([]byte(i.ID))
	return &hostile{issuer: i, key: strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])),
		record: map[string]any{"id": i.ID, "auth": []any{map[string]any{"action": "issue", "resource": "*"}}},
		token: i.JWT(strictjson.Object{"typ": "vc+jwt", "cty": "vc"}, strictjson.Object{
			"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential", "UniversityDegreeCredential"},
			"issuer": i.ID, "validFrom": "2026-01-02T03:04:05Z", "credentialSubject": strictjson.Object{"id": "did:example:holder"}})}
}

func (h *hostile) raw(data []byte) cid.Cid {
	b := block.New(block.DagCBOR, data)
	h.blocks = append(h.blocks, b)
	return b.CID
}

func (h *hostile) put(v any) cid.Cid {
	data, err := block.EncodeCBOR(v)
	if err != nil {
		panic(err)
	}
	return h.raw(data)
}

// request asks for a verdict against the snapshot whose directory of entities is e.
func (h *hostile) request(e cid.Cid) wire.Request {
	empty := h.put(map[string]any{})
	root := h.put(map[string]any{"v": 1, "n": "Test", "c": map[string]any{"a": 0, "e": 1, "k": 0, "r": 0}, "e": e, "k": empty, "r": empty})
	in := block.New(block.Raw, []byte(h.token))
	h.blocks = append(h.blocks, in)
	return wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: now, Input: &wire.Input{Block: in.CID.String()},
		Registries: []wire.Registry{{Snapshot: root.String()}}}
}

// ask seals and asks, and calls unobtainable what is then needed.
func (h *hostile) ask(t *testing.T, req wire.Request) (string, int) {
	t.Helper()
	for needs := 0; ; needs++ {
		car, _, err := wire.SealCase(req, h.blocks)
		if err != nil {
			t.Fatal(err)
		}
		reply := verify.Answer(car)
		if len(reply.Needs) == 0 {
			if reply.Verdict == nil {
				t.Fatalf("no verdict: %+v", reply.Error)
			}
			return ends(*reply.Verdict), needs
		}
		for _, n := range reply.Needs {
			req.Unobtainable = append(req.Unobtainable, n.Name())
		}
	}
}

// halves is an interior block: one link from the slots of the key's half, one from the
// others.
func (h *hostile) halves(own, other cid.Cid) map[string]any {
	m := map[string]any{}
	half := strings.IndexByte(slots, h.key[0]) / 16
	for i := range 32 {
		m[slots[i:i+1]] = other
		if i/16 == half {
			m[slots[i:i+1]] = own
		}
	}
	return m
}

// beside is a key that differs from the issuer's in the character at depth, and falls
// into the other half of all slots, or the slot beside.
func (h *hostile) beside(depth, flip int) string {
	slot := strings.IndexByte(slots, h.key[depth]) ^ flip
	return h.key[:depth] + slots[slot:slot+1] + strings.Repeat("0", 52-depth-1)
}

// TestHostileBlocks has snapshots that no builder makes, under CIDs that are right for
// them: the verdict must be open, and never say that the issuer is absent.
func TestHostileBlocks(t *testing.T) {
	leaf := func(h *hostile) []byte {
		data, err := block.EncodeCBOR(map[string]any{h.key: h.record})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	// with is a leaf with one more record, written by hand.
	with := func(value string) func(h *hostile) cid.Cid {
		return func(h *hostile) cid.Cid {
			v, err := hex.DecodeString(strings.ReplaceAll(value, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			first := leaf(h)
			data := append([]byte{0xa2}, first[1:]...)
			data = append(data, 0x78, 52)
			data = append(data, strings.Repeat("v", 51)+"g"...)
			return h.raw(append(append(data, 0xa1, 0x61, 'x'), v...))
		}
	}
	const malformed = "undetermined trust registry_malformed"
	tests := []struct {
		name string
		make func(h *hostile) cid.Cid
		want string
	}{
		{"a leaf (valid)", func(h *hostile) cid.Cid { return h.raw(leaf(h)) }, "accepted"},
		{"two leaves (valid)", func(h *hostile) cid.Cid {
			return h.put(h.halves(h.raw(leaf(h)), h.put(map[string]any{h.beside(0, 16): map[string]any{"id": "x"}})))
		}, "accepted"},
		{"empty (valid)", func(h *hostile) cid.Cid { return h.put(map[string]any{}) }, "rejected trust issuer_not_in_registry"},
		{"another record beside (valid)", with("01"), "accepted"},

		{"misplaced leaf entry", func(h *hostile) cid.Cid {
			other := h.beside(0, 16)
			return h.put(h.halves(h.put(map[string]any{h.key: h.record, other: map[string]any{"id": "x"}}), h.put(map[string]any{other: map[string]any{"id": "x"}})))
		}, malformed},
		{"leaf linked from a wrong slot", func(h *hostile) cid.Cid {
			return h.put(h.halves(h.put(map[string]any{h.beside(0, 16): map[string]any{"id": "x"}}), h.raw(leaf(h))))
		}, malformed},
		{"leaf linked from both halves of a larger directory", func(h *hostile) cid.Cid {
			l := h.raw(leaf(h))
			return h.put(h.halves(l, l))
		}, malformed},
		{"deep grind", func(h *hostile) cid.Cid { return h.grind(40) }, malformed},
		{"as deep as may be (valid)", func(h *hostile) cid.Cid { return h.grind(26) }, "accepted"},
		{"record of another id", func(h *hostile) cid.Cid {
			return h.put(map[string]any{h.key: map[string]any{"id": "did:example:other"}})
		}, malformed},

		{"keys out of order", func(h *hostile) cid.Cid { return h.raw(swapKeys(leaf(h))) }, malformed},
		{"duplicate key", func(h *hostile) cid.Cid {
			one := leaf(h)[1:]
			return h.raw(append(append([]byte{0xa2}, one...), one...))
		}, malformed},
		{"long integer", with("1801"), malformed},
		{"longer integer", with("1b0000000000000001"), malformed},
		{"long length", with("7801 61"), malformed},
		{"indefinite list", with("9f ff"), malformed},
		{"indefinite map", with("bf ff"), malformed},
		{"indefinite string", with("7f 6161 ff"), malformed},
		{"16-bit float", with("f93e00"), malformed},
		{"NaN", with("fb7ff8000000000000"), malformed},
		{"a date's tag", with("c1 00"), malformed},
		{"a bignum's tag", with("c2 49 010000000000000000"), malformed},
		{"undefined", with("f7"), malformed},
		{"64 deep (valid)", with(strings.Repeat("81", 61) + "00"), "accepted"},
		{"65 deep", with(strings.Repeat("81", 63) + "00"), malformed},
		{"trailing byte", func(h *hostile) cid.Cid { return h.raw(append(leaf(h), 0)) }, malformed},
		{"cut", func(h *hostile) cid.Cid { return h.raw(leaf(h)[:40]) }, malformed},
		{"nothing", func(h *hostile) cid.Cid { return h.raw(nil) }, malformed},

		{"linked as a raw block", func(h *hostile) cid.Cid {
			b := block.New(block.Raw, leaf(h))
			h.blocks = append(h.blocks, b)
			return b.CID
		}, malformed},
		{"linked by the identity hash", func(h *hostile) cid.Cid {
			mh, err := multihash.Sum([]byte{0xa0}, multihash.IDENTITY, -1)
			if err != nil {
				t.Fatal(err)
			}
			return cid.NewCidV1(cid.DagCBOR, mh)
		}, malformed},
		{"linked by blake2b", func(h *hostile) cid.Cid {
			mh, err := multihash.Sum(leaf(h), multihash.BLAKE2B_MIN+31, -1)
			if err != nil {
				t.Fatal(err)
			}
			return cid.NewCidV1(cid.DagCBOR, mh)
		}, malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHostile()
			got, needs := h.ask(t, h.request(tt.make(h)))
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if needs > 0 {
				t.Errorf("%d rounds of needs", needs)
			}
		})
	}
}

// grind is a directory that goes down and down under the issuer's key.
func (h *hostile) grind(depth int) cid.Cid {
	at := h.put(map[string]any{h.key: h.record})
	for d := depth - 1; d >= 0; d-- {
		beside := h.put(map[string]any{h.beside(d, 1): map[string]any{"id": "x"}})
		at = h.put(map[string]any{h.key[d : d+1]: at, h.beside(d, 1)[d : d+1]: beside})
	}
	return at
}

// swapKeys exchanges the first two members of a leaf's one record, auth and id.
func swapKeys(leaf []byte) []byte {
	at := bytes.Index(leaf, []byte("\x62id"))
	auth := bytes.Index(leaf, []byte("\x64auth"))
	return append(append(append([]byte{}, leaf[:at]...), leaf[auth:]...), leaf[at:auth]...)
}

// TestShortCAR cuts the proof of presence and of absence after each block: a missing
// block is asked for, and is no absence.
func TestShortCAR(t *testing.T) {
	for _, present := range []bool{true, false} {
		h := newHostile()
		own := map[string]any{h.key: h.record}
		if !present {
			own = map[string]any{h.key[:1] + strings.Repeat("0", 51): map[string]any{"id": "x"}}
		}
		e := h.put(h.halves(h.put(own), h.put(map[string]any{h.beside(0, 16): map[string]any{"id": "y"}})))
		req := h.request(e)
		want := map[bool]string{true: "accepted", false: "rejected trust issuer_not_in_registry"}[present]
		if got, needs := h.ask(t, req); got != want || needs != 0 {
			t.Errorf("whole: %s, want %s", got, want)
		}
		all := h.blocks
		for i, b := range all {
			if strings.Contains(string(b.Data), h.beside(0, 16)) || len(b.Data) < 2 || b.CID.String() == req.Input.Block {
				continue // not on the path
			}
			h.blocks = append(append([]block.Block{}, all[:i]...), all[i+1:]...)
			if got, needs := h.ask(t, req); got != "undetermined trust registry_unavailable" || needs != 1 {
				t.Errorf("without %s: %s after %d needs, want registry_unavailable after 1", b.CID, got, needs)
			}
		}
	}
}

// TestHostileCAR edits the bytes of a case: it is no case then, whatever is in it.
func TestHostileCAR(t *testing.T) {
	h := newHostile()
	leaf, err := block.EncodeCBOR(map[string]any{h.key: h.record})
	if err != nil {
		t.Fatal(err)
	}
	good, _, err := wire.SealCase(h.request(h.raw(leaf)), h.blocks)
	if err != nil {
		t.Fatal(err)
	}
	size, n := binary.Uvarint(good)
	body := good[n+int(size):]
	section := func(version, codec, hash uint64, data string) []byte {
		mh, err := multihash.Sum([]byte(data), hash, -1)
		if err != nil {
			t.Fatal(err)
		}
		c := cid.NewCidV1(codec, mh)
		if version == 0 {
			c = cid.NewCidV0(mh)
		}
		s := append(c.Bytes(), data...)
		return append(binary.AppendUvarint(nil, uint64(len(s))), s...)
	}
	add := func(more []byte) []byte { return append(bytes.Clone(good), more...) }
	wrong := section(1, block.Raw, multihash.SHA2_256, "data")
	wrong[len(wrong)-1] ^= 1
	tests := []struct {
		name string
		car  []byte
		want block.Reason
	}{
		{"as it was (valid)", good, ""},
		{"a block more (valid)", add(section(1, block.Raw, multihash.SHA2_256, "data")), ""},
		{"of 2 MiB (valid)", add(section(1, block.Raw, multihash.SHA2_256, strings.Repeat("d", block.MaxSize))), ""},
		{"over 2 MiB", add(section(1, block.Raw, multihash.SHA2_256, strings.Repeat("d", block.MaxSize+1))), block.TooLarge},
		{"wrong hash", add(wrong), block.HashMismatch},
		{"wrong codec", add(section(1, cid.DagProtobuf, multihash.SHA2_256, "data")), block.UnsupportedCID},
		{"identity CID", add(section(1, block.Raw, multihash.IDENTITY, "data")), block.UnsupportedCID},
		{"blake2b CID", add(section(1, block.Raw, multihash.BLAKE2B_MIN+31, "data")), block.UnsupportedCID},
		{"CIDv0", add(section(0, 0, multihash.SHA2_256, "data")), block.UnsupportedCID},
		{"truncated in a section", good[:len(good)-1], block.CARTruncated},
		{"truncated in a CID", good[:n+int(size)+10], block.CARTruncated},
		{"truncated in the header", good[:10], block.CARTruncated},
		{"CARv2 header", append(append([]byte{0x0a, 0xa1, 0x67}, "version\x02"...), good...), block.CARVersion},
		{"header without a version", append([]byte{0x08, 0xa1, 0x65, 'r', 'o', 'o', 't', 's', 0x80}, body...), block.CARVersion},
		{"long varint", add([]byte{0x85, 0x00}), block.CARVarint},
		{"varint over 9 bytes", add(append(bytes.Repeat([]byte{0xff}, 9), 1)), block.CARVarint},
		{"section of no bytes", add([]byte{0}), block.CARSection},
		{"section without a CID", add([]byte{3, 1, 2, 3}), block.CARSection},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply := verify.Answer(tt.car)
			switch {
			case tt.want == "" && (reply.Verdict == nil || reply.Verdict.Outcome != wire.Accepted):
				t.Errorf("%+v, want it accepted", reply)
			case tt.want != "" && (reply.Error == nil || reply.Error.Reason != wire.BadCase || !strings.Contains(reply.Error.Detail, string(tt.want))):
				t.Errorf("%+v, want bad_case, %s", reply.Error, tt.want)
			}
		})
	}
}
