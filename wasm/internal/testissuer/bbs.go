package testissuer

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"slices"
	"strconv"
	"strings"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/field/hash"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The signing half of BBS, written from draft-irtf-cfrg-bbs-signatures apart from the
// verifying half, so that one checks the other.

const bbsAPI = "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_"

type bbsBase struct {
	key, header, signature []byte
	a                      bls12381.G1Affine
	e                      fr.Element
	messages               []string
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func bbsScalar(data []byte, dst string) fr.Element {
	return must(fr.Hash(data, []byte(bbsAPI+dst), 1))[0]
}

func times(p bls12381.G1Affine, k fr.Element) bls12381.G1Affine {
	var n big.Int
	var q bls12381.G1Affine
	q.ScalarMultiplication(&p, k.BigInt(&n))
	return q
}

func plus(points ...bls12381.G1Affine) (sum bls12381.G1Affine) {
	for i := range points {
		sum.Add(&sum, &points[i])
	}
	return sum
}

func bbsGenerators(count int) []bls12381.G1Affine {
	v := must(hash.ExpandMsgXmd([]byte(bbsAPI+"MESSAGE_GENERATOR_SEED"), []byte(bbsAPI+"SIG_GENERATOR_SEED_"), 48))
	gens := make([]bls12381.G1Affine, count)
	for i := range gens {
		v = must(hash.ExpandMsgXmd(binary.BigEndian.AppendUint64(slices.Clone(v), uint64(i+1)), []byte(bbsAPI+"SIG_GENERATOR_SEED_"), 48))
		gens[i] = must(bls12381.HashToG1(v, []byte(bbsAPI+"SIG_GENERATOR_DST_")))
	}
	return gens
}

func bbsP1() (p bls12381.G1Affine) {
	n, _ := new(big.Int).SetString("a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9", 16)
	must(p.SetBytes(n.FillBytes(make([]byte, 48))))
	return p
}

func serialize(values ...any) (out []byte) {
	for _, v := range values {
		switch v := v.(type) {
		case int:
			out = binary.BigEndian.AppendUint64(out, uint64(v))
		case bls12381.G1Affine:
			b := v.Bytes()
			out = append(out, b[:]...)
		case fr.Element:
			b := v.Bytes()
			out = append(out, b[:]...)
		case string:
			out = append(out, v...)
		case []byte:
			out = append(out, v...)
		}
	}
	return out
}

// inverse and the like keep the arithmetic readable.
func add(a, b fr.Element) (c fr.Element) { c.Add(&a, &b); return c }
func mul(a, b fr.Element) (c fr.Element) { c.Mul(&a, &b); return c }
func neg(a fr.Element) (c fr.Element)    { c.Neg(&a); return c }
func inv(a fr.Element) (c fr.Element)    { c.Inverse(&a); return c }

func bbsDomain(key []byte, gens []bls12381.G1Affine, header []byte) fr.Element {
	in := serialize(key, len(gens)-1)
	for _, g := range gens {
		in = serialize(in, g)
	}
	return bbsScalar(serialize(in, bbsAPI, len(header), header), "H2S_")
}

// bbsB is B of a signature over messages.
func bbsB(key, header []byte, messages []string) (b bls12381.G1Affine, domain fr.Element, gens []bls12381.G1Affine, scalars []fr.Element) {
	gens = bbsGenerators(len(messages) + 1)
	domain = bbsDomain(key, gens, header)
	b = plus(bbsP1(), times(gens[0], domain))
	for i, m := range messages {
		s := bbsScalar([]byte(m), "MAP_MSG_TO_SCALAR_AS_HASH_")
		scalars = append(scalars, s)
		b = plus(b, times(gens[i+1], s))
	}
	return b, domain, gens, scalars
}

// bbsKey makes a key pair of BLS12-381 from a name.
func (i *Issuer) bbsKey(seed []byte) {
	secret := bbsScalar(seed, "TEST_KEY_")
	var n big.Int
	_, _, _, g2 := bls12381.Generators()
	var w bls12381.G2Affine
	w.ScalarMultiplication(&g2, secret.BigInt(&n))
	raw := w.Bytes()
	i.codec, i.raw, i.bbs = 0xeb, raw[:], secret
	i.JWK = strictjson.Object{"kty": "OKP", "crv": "BLS12381G2", "x": b64(raw[:])}
	i.sign = func([]byte) ([]byte, error) { panic("a BBS key signs messages one by one") }
}

// shuffled are the labels of bbs-2023, VC-DI-BBS Section 3.3.1: b0, b1 and so on in the
// order of the HMACs.
func shuffled(key []byte) func(map[string]string) map[string]string {
	return func(issued map[string]string) map[string]string {
		labels := hmacs(key)(issued)
		var order []string
		for _, l := range labels {
			order = append(order, l)
		}
		slices.Sort(order)
		for name, l := range labels {
			labels[name] = "b" + strconv.Itoa(slices.Index(order, l))
		}
		return labels
	}
}

// BBS makes a base proof of bbs-2023, VC-DI-BBS Section 3.4.1.
func (i *Issuer) BBS(f RDF, doc, options strictjson.Object, mandatory ...string) *Base {
	config := i.suiteConfig("bbs-2023", options)
	secret := sha256.Sum256([]byte("hmac"))
	b := newBase(f, config, doc, mandatory, shuffled(secret[:]))
	c := config.Without()
	c["@context"] = doc["@context"]
	s := &bbsBase{key: i.raw, header: append(sum(rdfc.SHA256, f.lines(c, rdfc.SHA256)), sum(rdfc.SHA256, b.at(b.must))...)}
	for n, line := range b.lines {
		if !slices.Contains(b.must, n) {
			s.messages = append(s.messages, line)
		}
	}
	i.signBBS(s)
	b.bbs = s
	return b
}

// signBBS implements Sign.
func (i *Issuer) signBBS(s *bbsBase) {
	point, domain, _, scalars := bbsB(s.key, s.header, s.messages)
	in := serialize(i.bbs)
	for _, m := range scalars {
		in = serialize(in, m)
	}
	s.e = bbsScalar(serialize(in, domain), "H2S_")
	s.a = times(point, inv(add(i.bbs, s.e)))
	s.signature = serialize(s.a, s.e)
}

// BBSProof signs messages and proves that a holder knows the signature, disclosing some.
func (i *Issuer) BBSProof(header, presentation []byte, messages []string, disclosed ...uint64) (signature, proof []byte) {
	s := &bbsBase{key: i.raw, header: header, messages: messages}
	i.signBBS(s)
	return s.signature, s.prove(disclosed, presentation)
}

// Octets is the public key as its algorithm writes it.
func (i *Issuer) Octets() []byte { return slices.Clone(i.raw) }

// deriveBBS makes a derived proof, VC-DI-BBS Section 3.4.3, with ProofGen of the draft.
// Its randomness comes from what it signs, which would be no way to keep a secret.
func (b *Base) deriveBBS(d disclosed) strictjson.Object {
	var selective []uint64
	labels := make(map[uint64]uint64)
	for n, l := range d.labels {
		i, err := strconv.Atoi(strings.TrimPrefix(l, "b"))
		if err != nil {
			panic(err)
		}
		labels[uint64(n)] = uint64(i)
	}
	message := 0
	for n := range b.lines {
		if slices.Contains(b.must, n) {
			continue
		}
		if slices.Contains(d.combined, n) {
			selective = append(selective, uint64(message))
		}
		message++
	}
	presentation := []byte("presented")
	proof := b.bbs.prove(selective, presentation)
	return b.write(d.doc, 0x03, proof, labels, orEmpty(d.mandatory), orEmpty(selective), presentation)
}

func orEmpty(list []uint64) []uint64 {
	if list == nil {
		return []uint64{}
	}
	return list
}

// prove implements ProofGen.
func (s *bbsBase) prove(disclosed []uint64, presentation []byte) []byte {
	b, domain, gens, scalars := bbsB(s.key, s.header, s.messages)
	random := func(name string) fr.Element { return bbsScalar(serialize(s.signature, name), "TEST_RANDOM_") }
	r1, r2 := random("r1"), random("r2")
	e, r1t, r3t := random("e"), random("r1t"), random("r3t")
	d := times(b, r2)
	aBar := times(s.a, mul(r1, r2))
	bBar := plus(times(d, r1), times(aBar, neg(s.e)))
	t1 := plus(times(aBar, e), times(d, r1t))
	t2 := times(d, r3t)
	var hidden []int
	for i := range s.messages {
		if !slices.Contains(disclosed, uint64(i)) {
			hidden = append(hidden, i)
			t2 = plus(t2, times(gens[i+1], random(strconv.Itoa(i))))
		}
	}
	in := serialize(len(disclosed))
	for _, i := range disclosed {
		in = serialize(in, int(i), scalars[i])
	}
	c := bbsScalar(serialize(in, aBar, bBar, d, t1, t2, domain, len(presentation), presentation), "H2S_")
	r3 := inv(r2)
	proof := serialize(aBar, bBar, d, add(e, mul(s.e, c)), add(r1t, neg(mul(r1, c))), add(r3t, neg(mul(r3, c))))
	for _, i := range hidden {
		proof = serialize(proof, add(random(strconv.Itoa(i)), mul(scalars[i], c)))
	}
	return serialize(proof, c)
}
