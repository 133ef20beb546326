package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// The lists of these tests have every entry clear but those of set, by index.

const (
	listURL  = "https://issuer.example/status/3"
	tokenURL = "https://issuer.example/statuslists/1"
	crlHome  = "https://clinic.example"
)

// leftBits are n entries of size bits, the first in the highest bits.
func leftBits(n, size int, set map[int]int) []byte {
	b := make([]byte, (n*size+7)/8)
	for index, v := range set {
		for i := range size {
			if v>>(size-1-i)&1 == 1 {
				b[(index*size+i)/8] |= 0x80 >> ((index*size + i) % 8)
			}
		}
	}
	return b
}

// lowBits are n entries of size bits, the first in the lowest bits.
func lowBits(n, size int, set map[int]int) []byte {
	b := make([]byte, n*size/8)
	for index, v := range set {
		b[index*size/8] |= byte(v) << (index * size % 8)
	}
	return b
}

var gzipped, zlibbed = testissuer.Gzip, testissuer.Zlib

// herd is the size of the smallest list that a credential may be in.
const herd = 131072

// listSubject is the subject of a good list in which 7 is set.
func listSubject() object {
	return object{"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": "u" + b64(gzipped(leftBits(herd, 1, map[int]int{7: 1})))}
}

func listDocument(issuer string) object {
	return object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "id": listURL,
		"type": []any{"VerifiableCredential", "BitstringStatusListCredential"}, "issuer": issuer,
		"validFrom": "2026-02-01T00:00:00Z", "credentialSubject": listSubject()}
}

func (s *signer) vcjose(doc object) string {
	return s.jws(object{"typ": "vc+jwt", "kid": s.method()}, strictjson.Encode(doc))
}

// entryOf is a good entry of the list, whose index is clear.
func entryOf(edits object) object {
	return with(object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "5", "statusListCredential": listURL}, edits)
}

func tokenClaims() object {
	return object{"sub": tokenURL, "iat": number(nowS - 3600), "exp": number(nowS + 3600), "ttl": number(43200),
		"status_list": object{"bits": number(2), "lst": b64(zlibbed(lowBits(64, 2, map[int]int{7: 1, 8: 2, 9: 3})))}}
}

func (s *signer) tokenList(header, claims object) string {
	return s.jws(with(object{"typ": "statuslist+jwt", "kid": s.method()}, header), strictjson.Encode(claims))
}

// statusWorld is an issuer with a credential that has a status, and its list.
type statusWorld struct {
	alice, bob *signer
	regs       []wire.Registry
}

func newStatusWorld() statusWorld {
	w := statusWorld{alice: newSigner(jose.EdDSA, "alice"), bob: newSigner(jose.EdDSA, "bob")}
	w.regs = w.trusting(nil)
	return w
}

// trusting is a registry with alice, who may issue degrees, and with what bob may issue.
func (w statusWorld) trusting(bob []any) []wire.Registry {
	list := []strictjson.Object{{"id": w.alice.didKey(), "auth": []any{object{"action": "issue", "resource": "Degree"}}}}
	if bob != nil {
		list = append(list, object{"id": w.bob.didKey(), "auth": bob})
	}
	return []wire.Registry{{Entities: list}}
}

// bitstring is a credential with entries, and the list's body.
func (w statusWorld) bitstring(list string, entries ...any) trial {
	doc := with(document2(w.alice.didKey()), object{"credentialStatus": entries})
	return trial{input: w.alice.vcjose(doc), regs: w.regs, docs: map[string]string{listURL: list}}
}

func (w statusWorld) token(list string, ref object) trial {
	claims := with(document2(w.alice.didKey()), object{"status": object{"status_list": with(object{"idx": number(5), "uri": tokenURL}, ref)}})
	return trial{input: w.alice.vcjose(claims), regs: w.regs, docs: map[string]string{tokenURL: list}}
}

// MUSTS 1: a status list's own proof is verified, by a key of an issuer trusted for it.
func TestMust1StatusListIsProven(t *testing.T) {
	w := newStatusWorld()
	alice, bob := w.alice, w.bob
	good := alice.vcjose(listDocument(alice.didKey()))
	may := func(tr trial, resource string) trial {
		tr.regs = w.trusting([]any{object{"action": "issue", "resource": resource}})
		return tr
	}
	bobs := bob.vcjose(listDocument(bob.didKey()))
	bobsToken := bob.tokenList(nil, with(tokenClaims(), object{"iss": bob.didKey()}))
	none := func(typ string, claims object) string {
		return b64([]byte(`{"alg":"none","typ":"`+typ+`"}`)) + "." + b64(strictjson.Encode(claims)) + "."
	}
	waived := w.bitstring(bobs, entryOf(nil))
	waived.policy = &wire.Policy{Trust: wire.TrustNone}
	runAttempts(t, []attempt{
		{"signed by the issuer", w.bitstring(good, entryOf(nil)), "accepted"},
		{"secured by Data Integrity", w.bitstring(string(strictjson.Encode(alice.jcs(listDocument(alice.didKey()), nil))), entryOf(nil)), "accepted"},
		{"one byte changed", w.bitstring(strings.Replace(good, ".", ".e", 1), entryOf(nil)), "rejected status malformed_list"},
		{"the signature of another list", w.bitstring(good[:strings.LastIndexByte(good, '.')]+bobs[strings.LastIndexByte(bobs, '.'):], entryOf(nil)), "rejected status list_not_proven"},
		{"alg none", w.bitstring(none("vc+jwt", listDocument(alice.didKey())), entryOf(nil)), "rejected status malformed_list"},
		{"not signed", w.bitstring(string(strictjson.Encode(listDocument(alice.didKey()))), entryOf(nil)), "rejected status list_not_proven"},
		{"by the key of another in the issuer's name", w.bitstring(bob.vcjose(listDocument(alice.didKey())), entryOf(nil)), "rejected status list_not_proven"},
		{"by another issuer", w.bitstring(bobs, entryOf(nil)), "rejected status list_not_trusted"},
		{"by another issuer, who may issue degrees", may(w.bitstring(bobs, entryOf(nil)), "Degree"), "rejected status list_not_trusted"},
		{"by another issuer, who may issue any credential", may(w.bitstring(bobs, entryOf(nil)), "VerifiableCredential"), "rejected status list_not_trusted"},
		{"by another issuer, who may issue lists", may(w.bitstring(bobs, entryOf(nil)), "BitstringStatusListCredential"), "accepted"},
		{"by another issuer, where nobody is asked", waived, "rejected status list_not_trusted"},
		{"the body is no list", w.bitstring("<html>", entryOf(nil)), "rejected status malformed_list"},
		{"a list of a suite not known", w.bitstring(string(strictjson.Encode(with(listDocument(alice.didKey()), object{"proof": object{
			"type": "DataIntegrityProof", "cryptosuite": "example-2031", "verificationMethod": alice.method(), "proofPurpose": "assertionMethod", "proofValue": "z1"}}))), entryOf(nil)), "undetermined status list_not_proven"},
		{"a token signed by the issuer", w.token(alice.tokenList(nil, tokenClaims()), nil), "accepted"},
		{"a token with alg none", w.token(none("statuslist+jwt", tokenClaims()), nil), "rejected status malformed_list"},
		{"a token by another key", w.token(bob.tokenList(nil, tokenClaims()), nil), "rejected status list_not_proven"},
		{"a token by another issuer", w.token(bobsToken, nil), "rejected status list_not_trusted"},
		{"a token by another issuer, who may issue them", may(w.token(bobsToken, nil), "TokenStatusList"), "accepted"},
	})
}

// MUSTS 2: Token Status List: sub equals the referenced uri; iat is required; exp and
// ttl outrank how a copy was obtained; an index out of range rejects.
func TestMust2TokenStatusList(t *testing.T) {
	w := newStatusWorld()
	list := func(edits object) string { return w.alice.tokenList(nil, with(tokenClaims(), edits)) }
	typ := func(v any) trial { return w.token(w.alice.tokenList(object{"typ": v}, tokenClaims()), nil) }
	inner := func(bits any, lst any) trial {
		return w.token(list(object{"status_list": object{"bits": bits, "lst": lst}}), nil)
	}
	idx := func(v any) trial { return w.token(list(nil), object{"idx": v}) }
	aged := func(tr trial, obtained string, accept string) trial {
		tr.obtained = obtained
		if accept != "" {
			tr.policy = &wire.Policy{AcceptStale: map[string]string{wire.ClassStatus: accept}}
		}
		return tr
	}
	full := b64(zlibbed(lowBits(64, 8, map[int]int{5: 0, 1: 1, 2: 0x0c, 3: 0x0b, 4: 2})))
	eight := func(n int64) trial {
		return w.token(list(object{"status_list": object{"bits": number(8), "lst": full}}), object{"idx": number(n)})
	}
	bomb := b64(zlibbed(make([]byte, 17<<20)))
	runAttempts(t, []attempt{
		{"valid", w.token(list(nil), nil), "accepted"},
		{"invalid", idx(number(7)), "rejected status revoked"},
		{"suspended", idx(number(8)), "rejected status suspended"},
		{"application specific", idx(number(9)), "undetermined status status_undefined"},
		{"the last index", idx(number(63)), "accepted"},
		{"an index out of range", idx(number(64)), "rejected status status_out_of_range"},
		{"an index far out of range", idx(number(1<<53 - 1)), "rejected status status_out_of_range"},
		{"a negative index", idx(number(-1)), "rejected status malformed_status"},
		{"an index in a string", idx("5"), "rejected status malformed_status"},
		{"no index", idx(nil), "rejected status malformed_status"},
		{"a uri with a fragment", w.token(list(nil), object{"uri": tokenURL + "#5"}), "rejected status malformed_status"},
		{"a uri that is http", w.token(list(nil), object{"uri": "http://issuer.example/1"}), "rejected status malformed_status"},
		{"8 bits, valid", eight(5), "accepted"},
		{"8 bits, invalid", eight(1), "rejected status revoked"},
		{"8 bits, application specific", eight(2), "undetermined status status_undefined"},
		{"8 bits, reserved", eight(3), "undetermined status status_undefined"},
		{"8 bits, suspended", eight(4), "rejected status suspended"},
		{"typ with its type", typ("application/statuslist+jwt"), "accepted"},
		{"typ JWT", typ("JWT"), "rejected status malformed_list"},
		{"no typ", typ(nil), "rejected status malformed_list"},
		{"sub of another list", w.token(list(object{"sub": tokenURL + "2"}), nil), "rejected status list_mismatch"},
		{"no sub", w.token(list(object{"sub": nil}), nil), "rejected status malformed_list"},
		{"no iat", w.token(list(object{"iat": nil}), nil), "rejected status malformed_list"},
		{"iat in a string", w.token(list(object{"iat": "2026"}), nil), "rejected status malformed_list"},
		{"iat to come", w.token(list(object{"iat": number(nowS + 61)}), nil), "undetermined status list_not_yet_valid"},
		{"nbf to come", w.token(list(object{"nbf": number(nowS + 61)}), nil), "undetermined status list_not_yet_valid"},
		{"no exp", w.token(list(object{"exp": nil}), nil), "accepted"},
		{"expired, obtained just now", w.token(list(object{"exp": number(nowS)}), nil), "undetermined status stale_status"},
		{"expired, and accepted", aged(w.token(list(object{"exp": number(nowS - 3600)}), nil), now, "2h"), "accepted-stale"},
		{"expired for longer than is accepted", aged(w.token(list(object{"exp": number(nowS - 3600*3)}), nil), now, "2h"), "undetermined status stale_status"},
		{"within ttl", aged(w.token(list(nil), nil), "2026-02-28T12:00:00Z", ""), "accepted"},
		{"ttl passed, not expired", aged(w.token(list(nil), nil), "2026-02-28T11:59:59Z", ""), "undetermined status stale_status"},
		{"ttl passed, and accepted", aged(w.token(list(nil), nil), "2026-02-28T11:59:59Z", "1d"), "accepted-stale"},
		{"a week old, ttl of a week", aged(w.token(list(object{"ttl": number(604800)}), nil), "2026-02-22T00:00:00Z", ""), "accepted"},
		{"no ttl, a day old", aged(w.token(list(object{"ttl": nil}), nil), "2026-02-28T00:00:00Z", ""), "accepted"},
		{"no ttl, more than a day old", aged(w.token(list(object{"ttl": nil}), nil), "2026-02-27T23:59:59Z", ""), "undetermined status stale_status"},
		{"obtained in the future", aged(w.token(list(nil), nil), "2026-03-01T00:10:01Z", ""), "undetermined status clock_suspect"},
		{"ttl of 0", w.token(list(object{"ttl": number(0)}), nil), "rejected status malformed_list"},
		{"ttl in a string", w.token(list(object{"ttl": "60"}), nil), "rejected status malformed_list"},
		{"bits 3", inner(number(3), full), "rejected status malformed_list"},
		{"bits 16", inner(number(16), full), "rejected status malformed_list"},
		{"bits in a string", inner("1", full), "rejected status malformed_list"},
		{"no lst", inner(number(8), nil), "rejected status malformed_list"},
		{"lst with padding", inner(number(8), full+"="), "rejected status malformed_list"},
		{"lst cut off", inner(number(8), full[:len(full)-8]), "rejected status malformed_list"},
		{"lst of GZIP", inner(number(8), b64(gzipped(make([]byte, 64)))), "rejected status malformed_list"},
		{"lst with bytes after it", inner(number(8), b64(append(zlibbed(make([]byte, 64)), 0))), "rejected status malformed_list"},
		{"lst that is a bomb", inner(number(8), bomb), "rejected status malformed_list"},
		{"another mechanism beside", trial{input: w.alice.vcjose(with(document2(w.alice.didKey()), object{"status": object{
			"status_list": object{"idx": number(5), "uri": tokenURL}, "identifier_list": object{"id": "a", "uri": tokenURL}}})), regs: w.regs}, "undetermined status status_unsupported"},
		{"the list is not to be had", trial{input: w.token("", nil).input, regs: w.regs}, "undetermined status status_unavailable"},
	})
}

// MUSTS 3: a token is validated before its status is looked at: nothing is asked for
// while anything else speaks against it.
func TestMust3StatusIsLookedAtLast(t *testing.T) {
	w := newStatusWorld()
	ref := object{"status": object{"status_list": object{"idx": number(5), "uri": tokenURL}}}
	doc := func(edits object) string { return w.alice.vcjose(with(with(document2(w.alice.didKey()), ref), edits)) }
	for _, tt := range []struct {
		name  string
		input string
		regs  []wire.Registry
		asks  bool
	}{
		{"valid", doc(nil), w.regs, true},
		{"expired", doc(object{"validUntil": "2026-02-01T00:00:00Z"}), w.regs, false},
		{"not yet valid", doc(object{"validFrom": "2027-02-01T00:00:00Z"}), w.regs, false},
		{"of another audience", doc(object{"aud": "https://other.example"}), w.regs, false},
		{"signed by another", w.bob.jws(object{"typ": "vc+jwt", "kid": w.alice.method()}, strictjson.Encode(with(document2(w.alice.didKey()), ref))), w.regs, false},
		{"not authorised", doc(object{"type": []any{"VerifiableCredential", "Licence"}}), w.regs, false},
		{"nobody is trusted", doc(nil), nil, false},
		{"breaks its data model", doc(object{"issuer": nil}), w.regs, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := block.New(block.Raw, []byte(tt.input))
			car, _, err := wire.SealCase(wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: now,
				Input: &wire.Input{Block: in.CID.String()}, Registries: tt.regs}, []block.Block{in})
			if err != nil {
				t.Fatal(err)
			}
			reply := verify.Answer(car)
			asks := len(reply.Needs) == 1 && reply.Needs[0].URL == tokenURL
			if asks != tt.asks || !asks && (reply.Verdict == nil || reply.Verdict.Outcome == wire.Accepted) {
				t.Fatalf("asks for %+v, verdict %+v", reply.Needs, reply.Verdict)
			}
		})
	}
	// The lists of all entries are asked for in one round, whole, and each once.
	in := block.New(block.Raw, []byte(w.bitstring("", entryOf(nil), entryOf(object{"statusListIndex": "6"}),
		entryOf(object{"statusListCredential": listURL + "/b"})).input))
	car, _, err := wire.SealCase(wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: now,
		Input: &wire.Input{Block: in.CID.String()}, Registries: w.regs}, []block.Block{in})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, n := range verify.Answer(car).Needs {
		got += n.URL + "\n"
	}
	if want := listURL + "\n" + listURL + "/b\n"; got != want {
		t.Fatalf("asks for %s, want %s", got, want)
	}
}

// MUSTS 4: Bitstring Status List: every entry is checked, the purpose matches for each,
// at least 131,072 entries, range errors, and the rules of statusSize and statusMessage.
func TestMust4BitstringStatusList(t *testing.T) {
	w := newStatusWorld()
	good := w.alice.vcjose(listDocument(w.alice.didKey()))
	list := func(edits object) string { return w.alice.vcjose(with(listDocument(w.alice.didKey()), edits)) }
	subject := func(edits object) string { return list(object{"credentialSubject": with(listSubject(), edits)}) }
	bits := func(n, size int, set map[int]int) string { return "u" + b64(gzipped(leftBits(n, size, set))) }
	entry := func(edits object) trial { return w.bitstring(good, entryOf(edits)) }
	messages := func(texts ...string) []any {
		var all []any
		for i, text := range texts {
			all = append(all, object{"status": fmt.Sprintf("0x%x", i), "message": text})
		}
		return all
	}
	four := messages("clear", "delayed", "lost", "undefined")
	told := object{"statusPurpose": "message", "statusSize": number(2), "statusMessages": four, "encodedList": bits(herd, 2, map[int]int{7: 1, 8: 3})}
	asks := object{"statusPurpose": "message", "statusSize": number(2), "statusMessage": four}
	sized := func(index string, edits object) trial {
		return w.bitstring(subject(told), entryOf(with(with(asks, object{"statusListIndex": index}), edits)))
	}
	listed := func(edits object) trial { return w.bitstring(subject(with(told, edits)), entryOf(asks)) }
	purpose := func(name, index string) trial {
		return w.bitstring(subject(object{"statusPurpose": name}), entryOf(object{"statusPurpose": name, "statusListIndex": index}))
	}
	aged := func(list string, obtained string) trial {
		tr := w.bitstring(list, entryOf(nil))
		tr.obtained = obtained
		return tr
	}
	runAttempts(t, []attempt{
		{"clear", entry(nil), "accepted"},
		{"set", entry(object{"statusListIndex": "7"}), "rejected status revoked"},
		{"the last index", entry(object{"statusListIndex": "131071"}), "accepted"},
		{"an index out of range", entry(object{"statusListIndex": "131072"}), "rejected status status_out_of_range"},
		{"an index far out of range", entry(object{"statusListIndex": "9223372036854775807"}), "rejected status status_out_of_range"},
		{"an index beyond 64 bits", entry(object{"statusListIndex": "9223372036854775808"}), "rejected status malformed_status"},
		{"an index that is a number", entry(object{"statusListIndex": number(5)}), "rejected status malformed_status"},
		{"an index with a sign", entry(object{"statusListIndex": "+5"}), "rejected status malformed_status"},
		{"an index with a zero before it", entry(object{"statusListIndex": "05"}), "rejected status malformed_status"},
		{"a negative index", entry(object{"statusListIndex": "-1"}), "rejected status malformed_status"},
		{"no purpose", entry(object{"statusPurpose": nil}), "rejected status malformed_status"},
		{"id is the list's", entry(object{"id": listURL}), "rejected status malformed_status"},
		{"id is its own", entry(object{"id": listURL + "#5"}), "accepted"},
		{"the list is at an http URL", entry(object{"statusListCredential": "http://issuer.example/3"}), "rejected status malformed_status"},
		{"two entries, both clear", w.bitstring(good, entryOf(nil), entryOf(object{"statusListIndex": "6"})), "accepted"},
		{"two entries, the second set", w.bitstring(good, entryOf(nil), entryOf(object{"statusListIndex": "7"})), "rejected status revoked"},
		{"two entries, the second for another purpose", w.bitstring(good, entryOf(nil), entryOf(object{"statusPurpose": "suspension"})), "rejected status list_mismatch"},
		{"two entries, the second of a type not known", w.bitstring(good, entryOf(nil), object{"type": "ExampleStatus2031"}), "undetermined status status_unsupported"},
		{"two entries, the first of a type not known, the second set", w.bitstring(good, object{"type": "ExampleStatus2031"}, entryOf(object{"statusListIndex": "7"})), "rejected status revoked"},
		{"17 entries", w.bitstring(good, slicesOf(entryOf(nil), 17)...), "rejected status too_many_status_uses"},
		{"16 entries", w.bitstring(good, slicesOf(entryOf(nil), 16)...), "accepted"},
		{"purpose of another list", entry(object{"statusPurpose": "suspension"}), "rejected status list_mismatch"},
		{"a list of two purposes", w.bitstring(subject(object{"statusPurpose": []any{"revocation", "suspension"}}), entryOf(object{"statusPurpose": "suspension"})), "accepted"},
		{"suspension", purpose("suspension", "7"), "rejected status suspended"},
		{"suspension, clear", purpose("suspension", "5"), "accepted"},
		{"refresh", purpose("refresh", "7"), "accepted"},
		{"a purpose not known, clear", purpose("example", "5"), "accepted"},
		{"a purpose not known, set", purpose("example", "7"), "undetermined status status_undefined"},
		{"131,071 entries", w.bitstring(subject(object{"encodedList": bits(herd-8, 1, nil)}), entryOf(nil)), "rejected status list_too_short"},
		{"131,072 bits for 2-bit entries", w.bitstring(subject(with(told, object{"encodedList": bits(herd, 1, nil)})), entryOf(asks)), "rejected status list_too_short"},
		{"message, clear", sized("5", nil), "accepted"},
		{"message, with a meaning", sized("7", nil), "accepted"},
		{"message, without one yet", sized("8", nil), "undetermined status status_undefined"},
		{"message, out of range", sized("131072", nil), "rejected status status_out_of_range"},
		{"a list for messages, without its size", listed(object{"statusSize": nil}), "rejected status malformed_list"},
		{"a list for messages, without messages", listed(object{"statusMessages": nil}), "rejected status malformed_list"},
		{"a list for messages, as entries call them", listed(object{"statusMessages": nil, "statusMessage": four}), "accepted"},
		{"a list's messages that are no array", listed(object{"statusMessages": "x"}), "rejected status malformed_list"},
		{"a list's messages, three", listed(object{"statusMessages": four[:3]}), "rejected status malformed_list"},
		{"a list's size as text", listed(object{"statusSize": "2"}), "rejected status malformed_list"},
		{"a list's size 9", listed(object{"statusSize": number(9)}), "rejected status list_mismatch"},
		{"a reference", entry(object{"statusReference": "https://issuer.example/codes"}), "accepted"},
		{"two references", entry(object{"statusReference": []any{"https://issuer.example/codes", "urn:x:y"}}), "accepted"},
		{"a reference that is no URL", entry(object{"statusReference": "codes"}), "rejected status malformed_status"},
		{"two references, one no URL", entry(object{"statusReference": []any{"urn:x:y", "/codes"}}), "rejected status malformed_status"},
		{"a reference that is an object", entry(object{"statusReference": object{}}), "rejected status malformed_status"},
		{"size 2 and no messages", sized("5", object{"statusMessage": nil}), "rejected status malformed_status"},
		{"size 2 and three messages", sized("5", object{"statusMessage": four[:3]}), "rejected status malformed_status"},
		{"size 2 and one message twice", sized("5", object{"statusMessage": []any{four[0], four[1], four[2], four[2]}}), "rejected status malformed_status"},
		{"size 1 and two messages", entry(object{"statusMessage": messages("unset", "set")}), "accepted"},
		{"size 1 and one message", entry(object{"statusMessage": messages("unset")}), "rejected status malformed_status"},
		{"size 1 and messages that are no array", entry(object{"statusMessage": "set"}), "rejected status malformed_status"},
		{"a message without 0x", sized("5", object{"statusMessage": []any{four[0], four[1], four[2], object{"status": "3", "message": "x"}}}), "rejected status malformed_status"},
		{"size 1 of a list of size 2", sized("5", object{"statusSize": number(1), "statusMessage": nil}), "rejected status list_mismatch"},
		{"size 0", entry(object{"statusSize": number(0)}), "rejected status malformed_status"},
		{"size 1.5", entry(object{"statusSize": strictjson.Number("1.5")}), "rejected status malformed_status"},
		{"size 1, written", entry(object{"statusSize": number(1)}), "accepted"},
		{"size 9", entry(object{"statusSize": number(9)}), "undetermined status status_unsupported"},
		{"type of the list", w.bitstring(list(object{"type": []any{"VerifiableCredential"}}), entryOf(nil)), "rejected status list_mismatch"},
		{"type of the subject", w.bitstring(subject(object{"type": "X"}), entryOf(nil)), "rejected status malformed_list"},
		{"the list calls itself another", w.bitstring(list(object{"id": listURL + "4"}), entryOf(nil)), "rejected status list_mismatch"},
		{"the list has no name", w.bitstring(list(object{"id": nil}), entryOf(nil)), "accepted"},
		{"two lists in one", w.bitstring(list(object{"credentialSubject": []any{listSubject(), listSubject()}}), entryOf(nil)), "rejected status malformed_list"},
		{"encodedList without its u", w.bitstring(subject(object{"encodedList": b64(gzipped(leftBits(herd, 1, nil)))}), entryOf(nil)), "rejected status malformed_list"},
		{"encodedList of ZLIB", w.bitstring(subject(object{"encodedList": "u" + b64(zlibbed(leftBits(herd, 1, nil)))}), entryOf(nil)), "rejected status malformed_list"},
		{"encodedList that is a bomb", w.bitstring(subject(object{"encodedList": "u" + b64(gzipped(make([]byte, 17<<20)))}), entryOf(nil)), "rejected status malformed_list"},
		{"encodedList of 16 MiB", w.bitstring(subject(object{"encodedList": "u" + b64(gzipped(make([]byte, 16<<20)))}), entryOf(nil)), "accepted"},
		{"the list is no longer valid", w.bitstring(list(object{"validUntil": "2026-02-28T23:59:59Z"}), entryOf(nil)), "undetermined status stale_status"},
		{"the list is valid today", w.bitstring(list(object{"validUntil": "2026-03-01T00:00:01Z"}), entryOf(nil)), "accepted"},
		{"the list is not yet valid", w.bitstring(list(object{"validFrom": "2026-03-02T00:00:00Z"}), entryOf(nil)), "undetermined status list_not_yet_valid"},
		{"the list breaks its data model", w.bitstring(list(object{"issuer": nil}), entryOf(nil)), "rejected status malformed_list"},
		{"ttl of an hour, an hour old", aged(subject(object{"ttl": number(3600000)}), "2026-02-28T23:00:00Z"), "accepted"},
		{"ttl of an hour, older", aged(subject(object{"ttl": number(3600000)}), "2026-02-28T22:59:59Z"), "undetermined status stale_status"},
		{"no ttl, a day old", aged(good, "2026-02-28T00:00:00Z"), "accepted"},
		{"no ttl, older", aged(good, "2026-02-27T23:59:59Z"), "undetermined status stale_status"},
	})
}

// Bitstring Status List Section 3.2: what a message says is in the result, that
// of a 0 as well.
func TestStatusMessages(t *testing.T) {
	w := newStatusWorld()
	texts := []any{object{"status": "0x0", "message": "pending"}, object{"status": "0x1", "message": "delayed"}}
	entry := object{"statusPurpose": "message", "statusSize": number(1)}
	list := with(listSubject(), with(entry, object{"statusMessages": texts}))
	for index, want := range map[string]string{"5": `message is set to 0: "pending"`, "7": `message is set to 1: "delayed"`} {
		v := w.bitstring(w.alice.vcjose(with(listDocument(w.alice.didKey()), object{"credentialSubject": list})), entryOf(with(entry, object{"statusListIndex": index}))).verdict(t)
		if c := checkOf(v, wire.CheckStatus); ends(v) != "accepted" || c.Detail != want {
			t.Errorf("%s: %s: %q, want %q", index, ends(v), c.Detail, want)
		}
	}
}

func slicesOf(v any, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// The lists before the Recommendation.
func TestOlderStatusLists(t *testing.T) {
	w := newStatusWorld()
	const v1 = "https://www.w3.org/2018/credentials/v1"
	list := func(edits, subject object) string {
		doc := with(object{"@context": []any{v1}, "id": listURL, "type": []any{"VerifiableCredential", "StatusList2021Credential"},
			"issuer": w.alice.didKey(), "issuanceDate": "2026-02-01T00:00:00Z",
			"credentialSubject": with(object{"type": "StatusList2021", "statusPurpose": "revocation", "encodedList": b64(gzipped(leftBits(herd, 1, map[int]int{7: 1})))}, subject)}, edits)
		return string(strictjson.Encode(w.alice.jcs(doc, nil)))
	}
	older := func(list string, entry object) trial {
		doc := with(document1(w.alice.didKey()), object{"credentialStatus": entry})
		return trial{input: string(strictjson.Encode(w.alice.jcs(doc, nil))), regs: w.regs, docs: map[string]string{listURL: list}}
	}
	e2021 := func(index any) object {
		return object{"id": listURL + "#1", "type": "StatusList2021Entry", "statusPurpose": "revocation", "statusListIndex": index, "statusListCredential": listURL}
	}
	e2020 := func(index any) object {
		return object{"id": listURL + "#1", "type": "RevocationList2020Status", "revocationListIndex": index, "revocationListCredential": listURL}
	}
	l2020 := list(object{"type": []any{"VerifiableCredential", "RevocationList2020Credential"}}, object{"type": "RevocationList2020", "statusPurpose": nil})
	runAttempts(t, []attempt{
		{"2021, clear", older(list(nil, nil), e2021("5")), "accepted"},
		{"2021, set", older(list(nil, nil), e2021("7")), "rejected status revoked"},
		{"2021, an index that is a number", older(list(nil, nil), e2021(number(7))), "rejected status revoked"},
		{"2021, out of range", older(list(nil, nil), e2021("131072")), "rejected status status_out_of_range"},
		{"2021, too short", older(list(nil, object{"encodedList": b64(gzipped(make([]byte, 16383)))}), e2021("5")), "rejected status list_too_short"},
		{"2021, for another purpose", older(list(nil, object{"statusPurpose": "suspension"}), e2021("5")), "rejected status list_mismatch"},
		{"2021, of a list of 2020", older(l2020, e2021("5")), "rejected status list_mismatch"},
		{"2020, clear", older(l2020, e2020(number(5))), "accepted"},
		{"2020, set", older(l2020, e2020("7")), "rejected status revoked"},
		{"2020, of a list of 2021", older(list(nil, nil), e2020("5")), "rejected status list_mismatch"},
	})
}

// MUSTS 5: an unknown status type never passes.
func TestMust5UnknownStatusNeverPasses(t *testing.T) {
	w := newStatusWorld()
	good := w.alice.vcjose(listDocument(w.alice.didKey()))
	runAttempts(t, []attempt{
		{"a type that is known", w.bitstring(good, entryOf(nil)), "accepted"},
		{"a type that is not known", w.bitstring(good, entryOf(object{"type": "BitstringStatusListEntry2"})), "undetermined status status_unsupported"},
		{"in other letters", w.bitstring(good, entryOf(object{"type": "bitstringstatuslistentry"})), "undetermined status status_unsupported"},
		{"a known type and an unknown one", w.bitstring(good, entryOf(object{"type": []any{"BitstringStatusListEntry", "X"}})), "undetermined status status_unsupported"},
		{"a known type in an array", w.bitstring(good, entryOf(object{"type": []any{"BitstringStatusListEntry"}})), "accepted"},
		{"a status claim without a mechanism", trial{input: w.alice.vcjose(with(document2(w.alice.didKey()), object{"status": object{}})), regs: w.regs}, "rejected status malformed_status"},
	})
}

// A health card's list is asked where the key's JWK says that there is one.
func TestHealthCardRevocation(t *testing.T) {
	clinic := newSigner(jose.ES256, "clinic")
	regs := func(edits object) []wire.Registry {
		jwk := with(clinic.jwk, with(object{"kid": clinic.thumbprint(), "crlVersion": number(1)}, edits))
		return []wire.Registry{{Entities: []strictjson.Object{{"id": crlHome, "auth": []any{object{"action": "issue", "resource": "*"}},
			"keys": []any{object{"kid": clinic.thumbprint(), "jwk": jwk}}}}}}
	}
	list := func(edits object) string {
		return string(strictjson.Encode(with(object{"kid": clinic.thumbprint(), "method": "rid", "ctr": number(2),
			"rids": []any{"other", "dated." + fmt.Sprint(issued), "later." + fmt.Sprint(issued+1), "gone"}}, edits)))
	}
	card := func(rid, body string) trial {
		claims := cardClaims(crlHome)
		claims["vc"] = with(claims["vc"].(object), object{"rid": rid})
		tr := trial{input: clinic.card(claims), regs: regs(nil)}
		if body != "" {
			tr.docs = map[string]string{crlHome + "/.well-known/crl/" + clinic.thumbprint() + ".json": body}
		}
		return tr
	}
	silent := card("gone", "")
	silent.regs = regs(object{"crlVersion": nil})
	old := card("free", list(nil))
	old.obtained = "2026-02-27T23:59:59Z"
	newer := func(rid string, version any) trial {
		tr := card(rid, list(nil))
		tr.regs = regs(object{"crlVersion": version})
		return tr
	}
	outage := newer("free", number(3))
	outage.policy = &wire.Policy{AcceptStale: map[string]string{wire.ClassStatus: "7d"}}
	runAttempts(t, []attempt{
		{"not in the list", card("free", list(nil)), "accepted"},
		{"in the list", card("gone", list(nil)), "rejected status revoked"},
		{"in the list, cards made before it was", card("dated", list(nil)), "accepted"},
		{"in the list, cards made before a later time", card("later", list(nil)), "rejected status revoked"},
		{"no list to be had", card("free", ""), "undetermined status status_unavailable"},
		{"the key says of no list", silent, "accepted"},
		{"a list of another key", card("free", list(object{"kid": "x"})), "rejected status list_mismatch"},
		{"a list of another method", card("free", list(object{"method": "x"})), "undetermined status status_unsupported"},
		{"a list without rids", card("free", list(object{"rids": nil})), "rejected status malformed_list"},
		{"a rid with a time that is none", card("free", list(object{"rids": []any{"a.b"}})), "rejected status malformed_list"},
		{"a list that is old", old, "undetermined status stale_status"},
		{"the list that the key set has", newer("free", number(2)), "accepted"},
		{"a list from before the one that the key set has", newer("free", number(3)), "undetermined status stale_status"},
		{"a list from before, in it", newer("gone", number(3)), "rejected status revoked"},
		{"a list from before, by policy", outage, "accepted-stale"},
		{"a version that is no number", newer("free", "x"), "accepted"},
		{"a list without its number", card("free", list(object{"ctr": nil})), "rejected status malformed_list"},
	})
}

// A verdict on stale status says so, and names what was relaxed.
func TestStaleStatusShows(t *testing.T) {
	w := newStatusWorld()
	tr := w.token(w.alice.tokenList(nil, tokenClaims()), nil)
	tr.obtained = "2026-02-28T10:00:00Z"
	tr.policy = &wire.Policy{AcceptStale: map[string]string{wire.ClassStatus: "1d"}}
	v := tr.verdict(t)
	want := wire.Freshness{Class: wire.ClassStatus, Source: tokenURL, Origin: "live", AsOf: "2026-02-28T10:00:00Z", Age: "14h0m", Bound: "12h0m", State: "stale"}
	last := v.Freshness[len(v.Freshness)-1]
	if v.Outcome != wire.AcceptedStale || fmt.Sprint(last) != fmt.Sprint(want) ||
		len(v.Relaxed) != 1 || v.Relaxed[0] != (wire.Relaxed{Rule: "acceptStale.status", Check: wire.CheckStatus, Reason: "stale_status"}) {
		t.Fatalf("%s, %+v, %+v", v.Outcome, last, v.Relaxed)
	}
}
