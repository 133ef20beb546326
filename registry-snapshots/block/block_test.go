package block

import (
	"errors"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// wantReason fails unless err is an *Error of the reason; "" means no error.
func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err != nil:
		t.Fatalf("error %v, want none", err)
	case want != "" && !errors.As(err, &e):
		t.Fatalf("error %v, want reason %s", err, want)
	case want != "" && e.Reason != want:
		t.Fatalf("reason %s (%s), want %s", e.Reason, e.Detail, want)
	}
}

// foreign returns the CID of data under another hash or codec.
func foreign(t testing.TB, version, codec, hash uint64, data string) cid.Cid {
	t.Helper()
	mh, err := multihash.Sum([]byte(data), hash, -1)
	if err != nil {
		t.Fatal(err)
	}
	if version == 0 {
		return cid.NewCidV0(mh)
	}
	return cid.NewCidV1(codec, mh)
}

func TestParseCID(t *testing.T) {
	good := New(Raw, []byte("hello")).CID.String()
	upper, err := New(Raw, []byte("hello")).CID.StringOfBase('B')
	if err != nil {
		t.Fatal(err)
	}
	base58, err := New(Raw, []byte("hello")).CID.StringOfBase('z')
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text string
		want       Reason
	}{
		{"raw", good, ""},
		{"known text", "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq", ""},
		{"dag-cbor", New(DagCBOR, []byte{0xa0}).CID.String(), ""},
		{"json", New(JSON, []byte("{}")).CID.String(), ""},
		{"empty", "", BadCID},
		{"no multibase", good[1:], BadCID},
		{"base32 upper", upper, BadCID},
		{"base58", base58, BadCID},
		{"one character short", good[:len(good)-1], BadCID},
		{"unused bits set", good[:len(good)-1] + "r", BadCID},
		{"path behind it", good + "/a", BadCID},
		{"megabyte", "b" + strings.Repeat("a", 1<<20), BadCID},
		{"CIDv0", foreign(t, 0, 0, multihash.SHA2_256, "hello").String(), BadCID},
		{"dag-pb", foreign(t, 1, cid.DagProtobuf, multihash.SHA2_256, "hello").String(), UnsupportedCID},
		{"identity hash", "bafkqaaa", UnsupportedCID},
		{"sha2-512", foreign(t, 1, Raw, multihash.SHA2_512, "hello").String()[:64], BadCID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := ParseCID(tt.text)
			wantReason(t, err, tt.want)
			if err == nil && c.String() != tt.text {
				t.Errorf("text %s, want %s", c, tt.text)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	data := []byte("a block")
	tests := []struct {
		name string
		cid  cid.Cid
		data []byte
		want Reason
	}{
		{"valid", New(Raw, data).CID, data, ""},
		{"empty", New(Raw, nil).CID, nil, ""},
		{"as large as it may be", New(Raw, make([]byte, MaxSize)).CID, make([]byte, MaxSize), ""},
		{"one byte more than 2 MiB", New(Raw, make([]byte, MaxSize+1)).CID, make([]byte, MaxSize+1), TooLarge},
		{"another byte", New(Raw, data).CID, []byte("A block"), HashMismatch},
		{"cut", New(Raw, data).CID, data[:6], HashMismatch},
		{"undefined CID", cid.Undef, data, BadCID},
		{"wrong codec", foreign(t, 1, cid.DagProtobuf, multihash.SHA2_256, "a block"), data, UnsupportedCID},
		{"CIDv0", foreign(t, 0, 0, multihash.SHA2_256, "a block"), data, UnsupportedCID},
		{"identity CID", foreign(t, 1, Raw, multihash.IDENTITY, "a block"), data, UnsupportedCID},
		{"blake2b CID", foreign(t, 1, Raw, multihash.BLAKE2B_MIN+31, "a block"), data, UnsupportedCID},
		{"sha2-512 CID", foreign(t, 1, Raw, multihash.SHA2_512, "a block"), data, UnsupportedCID},
		{"truncated sha2-256", cid.NewCidV1(Raw, append(multihash.Multihash{0x12, 20}, New(Raw, data).CID.Hash()[2:22]...)), data, UnsupportedCID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantReason(t, Check(tt.cid, tt.data), tt.want)
		})
	}
}
