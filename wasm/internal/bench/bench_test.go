package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/strictjson"
)

// token makes a VC-JWT by a did:key, and returns it and who issued it.
func token(t *testing.T, degree string) (jwt, issuer string) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	name, err := multibase.Encode(multibase.Base58BTC, append([]byte{0xed, 0x01}, key.Public().(ed25519.PublicKey)...))
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	header := fmt.Sprintf(`{"alg":"EdDSA","kid":"did:key:%s#%s"}`, name, name)
	claims := fmt.Sprintf(`{"iss":"did:key:%s","nbf":1767225600,"vc":{"@context":["https://www.w3.org/2018/credentials/v1"],`+
		`"type":["VerifiableCredential","ExampleDegreeCredential"],"credentialSubject":{"degree":%q}}}`, name, degree)
	signed := encode([]byte(header)) + "." + encode([]byte(claims))
	return signed + "." + encode(ed25519.Sign(key, []byte(signed))), "did:key:" + name
}

func TestAConversation(t *testing.T) {
	good, issuer := token(t, "Bachelor")
	other, _ := token(t, "Master")
	tampered := good[:strings.LastIndex(good, ".")] + other[strings.LastIndex(other, "."):]
	prepare := func(name, input, tampered string) string {
		return fmt.Sprintf(`{"prepare":{"name":%q,"input":%q,"tampered":%q,"now":"2026-06-01T00:00:00Z","turns":[{},{}],`+
			`"registries":[{"entities":[{"id":%q,"auth":[{"action":"issue","resource":"*"}]}]}]}}`, name, input, tampered, issuer)
	}
	tests := []struct {
		name, question string
		calls          bool   // whether a time is answered
		err            string // part of the error, "" for none
	}{
		{name: "prepared", question: prepare("jwt", good, tampered)},
		{name: "native", question: `{"run":{"contender":"native","workload":"jwt","millis":1}}`, calls: true},
		{name: "wazero", question: `{"run":{"contender":"wazero","workload":"jwt","millis":1}}`, calls: true},
		{name: "a copy that nobody tampered with", question: prepare("same", good, good), err: "is accepted"},
		{name: "credential and copy exchanged", question: prepare("swapped", tampered, good), err: "is rejected: bad_signature"},
		{name: "what was refused is not timed", question: `{"run":{"contender":"native","workload":"same","millis":1}}`, err: "not prepared"},
		{name: "unknown contender", question: `{"run":{"contender":"x","workload":"jwt","millis":1}}`, err: "no contender"},
		{name: "canonical form", question: `{"canonicalize":{"contender":"json-gold","in":"native","document":{"@context":"https://www.w3.org/ns/credentials/v2","type":"VerifiableCredential"},"millis":1}}`, calls: true},
		{name: "canonical form by nobody", question: `{"canonicalize":{"contender":"x","in":"native","document":{"@context":"https://www.w3.org/ns/credentials/v2","type":"VerifiableCredential"},"millis":1}}`, err: "no contender"},
		{name: "no question", question: `{}`, err: "has one of"},
		{name: "unknown question", question: `{"x":1}`, err: "json_unknown_member"},
		{name: "no JSON", question: `{`, err: "json_syntax"},
	}
	var in, out strings.Builder
	for _, tt := range tests {
		in.WriteString(tt.question + "\n")
	}
	if err := serve("", strings.NewReader(in.String()), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(tests) {
		t.Fatalf("%d answers, want %d", len(lines), len(tests))
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := strictjson.Parse([]byte(lines[i]))
			var a answer
			if err == nil {
				err = strictjson.Bind(v, &a)
			}
			if err != nil {
				t.Fatal(err)
			}
			if (tt.err == "") != (a.Error == "") || !strings.Contains(a.Error, tt.err) {
				t.Errorf("error %q, want %q", a.Error, tt.err)
			}
			if timed := a.Calls > 0 && a.Nanos > 0; timed != tt.calls {
				t.Errorf("%d calls of %d ns, want a time: %v", a.Calls, a.Nanos, tt.calls)
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		list []time.Duration
		want time.Duration
	}{{[]time.Duration{3}, 3}, {[]time.Duration{9, 1, 5}, 5}, {[]time.Duration{8, 2, 4, 6}, 5}} {
		if got := median(tt.list); got != tt.want {
			t.Errorf("median %v = %v, want %v", tt.list, got, tt.want)
		}
	}
}
