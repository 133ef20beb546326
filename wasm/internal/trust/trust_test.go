package trust

import (
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const issuerID = "https://issuer.example"

func entity(members string) wire.Registry {
	return inline(`{"id":"` + issuerID + `"` + members + `}`)
}

func TestDecide(t *testing.T) {
	const degree = `{"action":"issue","resource":"Degree"`
	unreadable := wire.Registry{Snapshot: block.New(block.DagCBOR, []byte{0xa0}).CID.String()}
	good := entity(`,"auth":[` + degree + `}]`)
	tests := []struct {
		name  string
		types []string
		regs  []wire.Registry
		want  Reason
	}{
		{"exact resource", nil, []wire.Registry{good}, ""},
		{"any resource, written out", nil, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"*"}]`)}, ""},
		{"no registry", nil, nil, NoTrustAnchor},
		{"issuer absent", nil, []wire.Registry{inline(`{"id":"https://another.example"}`)}, NotInRegistry},
		{"no authorization", nil, []wire.Registry{entity("")}, NotAuthorised},
		{"another resource", nil, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"Licence"}]`)}, NotAuthorised},
		{"another action", nil, []wire.Registry{entity(`,"auth":[{"action":"verify","resource":"*"}]`)}, NotAuthorised},
		{"in force", nil, []wire.Registry{entity(`,"auth":[` + degree + `,"from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"}]`)}, ""},
		{"from that very moment", nil, []wire.Registry{entity(`,"auth":[` + degree + `,"from":"2026-06-01T00:00:00Z"}]`)}, ""},
		{"until that very moment", nil, []wire.Registry{entity(`,"auth":[` + degree + `,"until":"2026-06-01T00:00:00Z"}]`)}, NotInForce},
		{"not begun", nil, []wire.Registry{entity(`,"auth":[` + degree + `,"from":"2026-06-01T00:00:01Z"}]`)}, NotInForce},
		{"revoked authorization", nil, []wire.Registry{entity(`,"auth":[` + degree + `,"state":"revoked"}]`)}, GrantRevoked},
		{"revoked one beside a good one", nil, []wire.Registry{entity(`,"auth":[` + degree + `,"state":"revoked"},` + degree + `}]`)}, ""},
		{"suspended issuer", nil, []wire.Registry{entity(`,"status":"suspended","auth":[` + degree + `}]`)}, IssuerSuspended},
		{"revoked issuer", nil, []wire.Registry{entity(`,"status":"revoked","auth":[` + degree + `}]`)}, IssuerRevoked},
		{"retired issuer, while authorised", nil, []wire.Registry{entity(`,"status":"retired","auth":[` + degree + `,"until":"2026-07-01T00:00:00Z"}]`)}, ""},
		{"retired issuer, nobody says since when", nil, []wire.Registry{entity(`,"status":"retired","auth":[` + degree + `}]`)}, IssuerRetired},
		{"every type is authorised", []string{"VerifiableCredential", "Degree", "Diploma"}, []wire.Registry{entity(`,"auth":[` + degree + `},{"action":"issue","resource":"Diploma"}]`)}, ""},
		{"one type is not authorised", []string{"VerifiableCredential", "Degree", "Diploma"}, []wire.Registry{good}, NotAuthorised},
		{"no type but the general one", []string{"VerifiableCredential"}, []wire.Registry{good}, NotAuthorised},
		{"the general type, written out", []string{"VerifiableCredential"}, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"VerifiableCredential"}]`)}, ""},
		{"the general type, written out, for a specific one", nil, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"VerifiableCredential"}]`)}, ""},
		{"the general type of another kind", nil, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"https://smarthealth.cards#health-card"}]`)}, NotAuthorised},
		{"the general type, written out, and ended", nil, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"VerifiableCredential","until":"2026-01-01T00:00:00Z"}]`)}, NotInForce},
		{"health cards", []string{"https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"}, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"https://smarthealth.cards#health-card"}]`)}, ""},
		{"health cards, immunizations only", []string{"https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"}, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"https://smarthealth.cards#immunization"}]`)}, ""},
		{"health cards, immunizations only, and a test", []string{"https://smarthealth.cards#health-card", "https://smarthealth.cards#laboratory"}, []wire.Registry{entity(`,"auth":[{"action":"issue","resource":"https://smarthealth.cards#immunization"}]`)}, NotAuthorised},
		{"second registry has the issuer", nil, []wire.Registry{inline(), good}, ""},
		{"one of two registries revoked it", nil, []wire.Registry{good, entity(`,"status":"revoked"`)}, IssuerRevoked},
		{"one of two registries has no authorization", nil, []wire.Registry{entity(""), good}, ""},
		{"registry that cannot be read", nil, []wire.Registry{unreadable}, RegistryUnavailable},
		{"one of two registries cannot be read", nil, []wire.Registry{good, unreadable}, RegistryUnavailable},
		{"revoked in one, the other cannot be read", nil, []wire.Registry{unreadable, entity(`,"status":"revoked"`)}, IssuerRevoked},
	}
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			types := tt.types
			if types == nil {
				types = []string{"VerifiableCredential", "Degree"}
			}
			a := Foresee(&cred.Credential{Issuer: issuerID, Types: types}, at, now, open(t, nil, tt.regs...))
			if a.Reason != tt.want {
				t.Fatalf("got %q (%s), want %q", a.Reason, a.Detail, tt.want)
			}
			if unknown := tt.want == NoTrustAnchor || tt.want == RegistryUnavailable; a.Unknown != unknown {
				t.Fatalf("unknown is %v, want %v", a.Unknown, unknown)
			}
			if (a.Reason == "") != (a.Grant != nil) {
				t.Fatal("a yes rests on an authorization, and nothing else does")
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	about := func(regs ...wire.Registry) Answer {
		return Foresee(&cred.Credential{Issuer: issuerID, Types: []string{"Degree"}}, now, now, open(t, nil, regs...))
	}
	if a := about(inline()); a.Reason != NotInRegistry || a.Unknown || len(a.Standings) != 1 {
		t.Errorf("no registry has the issuer: got %v", a)
	}
	if a := about(); a.Reason != NoTrustAnchor || !a.Unknown || len(a.Standings) != 0 {
		t.Errorf("no registry: got %v", a)
	}
}

// A credential without a type of its own is what its schemas are; one with a type is not
// covered by them.
func TestResourcesBySchema(t *testing.T) {
	schema := func(ids ...string) (list []strictjson.Object) {
		for _, id := range ids {
			list = append(list, strictjson.Object{"id": id, "type": "JsonSchema"})
		}
		return list
	}
	const a, b = "https://a.example/a.json", "https://a.example/b.json"
	grants := entity(`,"auth":[{"action":"issue","resource":"` + a + `"}]`)
	for _, tt := range []struct {
		name   string
		types  []string
		schema []strictjson.Object
		reg    wire.Registry
		want   Reason
	}{
		{"its schema", []string{"VerifiableCredential"}, schema(a), grants, ""},
		{"another schema", []string{"VerifiableCredential"}, schema(b), grants, NotAuthorised},
		{"one of its schemas", []string{"VerifiableCredential"}, schema(a, b), grants, NotAuthorised},
		{"a type beside its schema", []string{"VerifiableCredential", "Degree"}, schema(a), grants, NotAuthorised},
		{"no schema", []string{"VerifiableCredential"}, nil, grants, NotAuthorised},
		{"the general type, written out", []string{"VerifiableCredential"}, schema(b), entity(`,"auth":[{"action":"issue","resource":"VerifiableCredential"}]`), ""},
	} {
		c := &cred.Credential{Issuer: issuerID, Types: tt.types, Schema: tt.schema}
		if got := Foresee(c, now, now, open(t, nil, tt.reg)); got.Reason != tt.want {
			t.Errorf("%s: %q (%s), want %q", tt.name, got.Reason, got.Detail, tt.want)
		}
	}
}

func TestTwoEntitiesWithOneName(t *testing.T) {
	_, err := registry.Open([]wire.Registry{inline(`{"id":"https://a.example","ids":["did:example:x"]}`, `{"id":"did:example:x"}`)}, nil)
	if err == nil {
		t.Fatal("accepted")
	}
}
