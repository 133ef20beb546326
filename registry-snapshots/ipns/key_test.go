package ipns

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"testing"

	gnark "github.com/consensys/gnark-crypto/ecc/secp256k1/ecdsa"
	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// holder is a key of another kind than Ed25519: its libp2p PublicKey, and how it signs.
type holder struct {
	proto []byte
	sign  func(m []byte) []byte
}

func proto(kind byte, data []byte) []byte {
	return append(binary.AppendUvarint([]byte{8, kind, 0x12}, uint64(len(data))), data...)
}

func pkix(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func signedBy(t *testing.T, key crypto.Signer, m []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(m)
	sig, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func der(t *testing.T, sig []byte) []byte {
	t.Helper()
	out, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func holders(t *testing.T) map[string]holder {
	t.Helper()
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k256, err := gnark.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x, y := k256.PublicKey.A.X.Bytes(), k256.PublicKey.A.Y.Bytes()
	return map[string]holder{
		"RSA":   {proto(kindRSA, pkix(t, &long.PublicKey)), func(m []byte) []byte { return signedBy(t, long, m) }},
		"P-256": {proto(kindECDSA, pkix(t, &p256.PublicKey)), func(m []byte) []byte { return signedBy(t, p256, m) }},
		"P-384": {proto(kindECDSA, pkix(t, &p384.PublicKey)), func(m []byte) []byte { return signedBy(t, p384, m) }},
		"secp256k1": {proto(kindSecp256k1, append([]byte{2 | y[31]&1}, x[:]...)), func(m []byte) []byte {
			sig, err := k256.Sign(m, sha256.New())
			if err != nil {
				t.Fatal(err)
			}
			return der(t, sig)
		}},
	}
}

// TestOtherKeys has names of keys that the name does not hold, and of secp256k1 keys.
func TestOtherKeys(t *testing.T) {
	all := holders(t)
	for kind, h := range all {
		t.Run(kind, func(t *testing.T) {
			code := uint64(multihash.SHA2_256)
			if kind == "secp256k1" { // libp2p writes keys of up to 42 bytes into the name
				code = multihash.IDENTITY
			}
			mh, err := multihash.Sum(h.proto, code, -1)
			if err != nil {
				t.Fatal(err)
			}
			name, err := ParseName(Name{cid.NewCidV1(libp2pKey, mh)}.String())
			wantReason(t, err, "")
			data, err := block.EncodeCBOR(map[string]any{"Value": []byte(record.Value), "Validity": []byte(formatValidity(record.Validity)),
				"ValidityType": 0, "Sequence": record.Sequence, "TTL": int64(record.TTL)})
			if err != nil {
				t.Fatal(err)
			}
			good := entry{pubKey: h.proto, data: data, signatureV2: h.sign(append([]byte(signaturePrefix), data...))}
			want := Reason("")
			if kind == "P-384" {
				want = NoKey
			}
			got, err := Verify(name, good.encode())
			wantReason(t, err, want)
			if want != "" {
				return
			}
			if got != record {
				t.Errorf("%+v", got)
			}
			bad := good
			bad.signatureV2 = h.sign(data)
			_, err = Verify(name, bad.encode())
			wantReason(t, err, BadSignature)
			bad = good
			bad.signatureV2 = append(bytes.Clone(good.signatureV2), 0)
			_, err = Verify(name, bad.encode())
			wantReason(t, err, BadSignature)
			bad = good
			bad.pubKey = all[map[bool]string{true: "RSA", false: "P-256"}[kind == "P-256"]].proto
			if kind == "RSA" {
				bad.pubKey = all["P-256"].proto
			}
			_, err = Verify(name, bad.encode())
			wantReason(t, err, WrongKey)
			bad = good
			bad.pubKey = nil
			_, err = Verify(name, bad.encode())
			if kind == "secp256k1" {
				wantReason(t, err, "") // the name holds it
			} else {
				wantReason(t, err, NoKey)
			}
		})
	}
}

func TestDER(t *testing.T) {
	raw := bytes.Repeat([]byte{0x11}, 64)
	high := bytes.Repeat([]byte{0xee}, 64)
	small := append(append(make([]byte, 31), 5), append(make([]byte, 30), 1, 0)...)
	for _, r := range [][]byte{raw, high, small} {
		got, ok := fromDER(der(t, r))
		if !ok || !bytes.Equal(got, r) {
			t.Errorf("%x became %x", r, got)
		}
	}
	good := der(t, raw)
	for name, bad := range map[string][]byte{
		"empty": nil, "cut": good[:len(good)-1], "longer": append(bytes.Clone(good), 0), "not a sequence": append([]byte{0x31}, good[1:]...),
		"negative":             {0x30, 0x06, 0x02, 0x01, 0x80, 0x02, 0x01, 0x01},
		"zero octet too many":  {0x30, 0x07, 0x02, 0x02, 0x00, 0x01, 0x02, 0x01, 0x01},
		"empty integer":        {0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x01},
		"one integer":          {0x30, 0x03, 0x02, 0x01, 0x01},
		"three integers":       {0x30, 0x09, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01},
		"integer past the end": {0x30, 0x06, 0x02, 0x05, 0x01, 0x02, 0x01, 0x01},
		"33 octets":            append(append([]byte{0x30, 38, 0x02, 33, 1}, make([]byte, 32)...), 0x02, 0x01, 0x01),
		"long length":          append([]byte{0x30, 0x81, good[1]}, good[2:]...),
	} {
		if got, ok := fromDER(bad); ok {
			t.Errorf("%s: taken as %x", name, got)
		}
	}
}
