package canon

import (
	"strings"
	"testing"
)

const document = `{"@context":["https://www.w3.org/ns/credentials/v2",{"@vocab":"https://university.example/terms#"}],` +
	`"type":"VerifiableCredential","issuer":"did:example:issuer","credentialSubject":{"courses":[{"name":"A"},{"name":"B"}]}}`

func TestContendersAgree(t *testing.T) {
	contenders, err := Contenders()
	if err != nil {
		t.Fatal(err)
	}
	if err := Same(contenders, []byte(document)); err != nil {
		t.Error(err)
	}
	unknown := strings.Replace(document, "ns/credentials/v2", "ns/credentials/v9", 1)
	for name, canonicalise := range contenders {
		if out, err := canonicalise([]byte(document)); err != nil || strings.Count(string(out), "\n") != 7 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if _, err := canonicalise([]byte(unknown)); err == nil {
			t.Errorf("%s has a context that nobody published", name)
		}
	}
	contenders["silent"] = func([]byte) ([]byte, error) { return nil, nil }
	if err := Same(contenders, []byte(document)); err == nil || !strings.Contains(err.Error(), "silent") {
		t.Errorf("%v, want an error about one that does nothing", err)
	}
}
