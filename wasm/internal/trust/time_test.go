package trust

import (
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// What the registry says of an issuer today, and by its history of another day: asked as
// a question about that day, and for a credential that was signed on it.
func TestAsOf(t *testing.T) {
	const grant = `"auth":[{"action":"issue","resource":"Degree"}]`
	suspended := `{"status":"suspended","history":[{"at":"2026-03-01","status":"suspended"}],` + grant + `}`
	back := `{"history":[{"at":"2026-03-01","status":"suspended"},{"at":"2026-05-01"}],` + grant + `}`
	revoked := `{"status":"revoked","history":[{"at":"2026-03-01","status":"revoked"}],` + grant + `}`
	retired := `{"status":"retired","history":[{"at":"2026-03-01","status":"retired"}],` + grant + `}`
	ended := `{"auth":[{"action":"issue","resource":"Degree","from":"2020-01-01","until":"2026-01-01"}]}`
	tests := []struct {
		name, entity string
		day          string // "" for now
		asked        Reason // by authorize
		signed       Reason // by verify
	}{
		{"suspended since, before", suspended, "2026-02-28", "", IssuerSuspended},
		{"suspended since, on the day", suspended, "2026-03-01", IssuerSuspended, IssuerSuspended},
		{"suspended since, now", suspended, "", IssuerSuspended, IssuerSuspended},
		{"suspended, nobody knows since when", `{"status":"suspended",` + grant + `}`, "2020-01-01", IssuerSuspended, IssuerSuspended},
		{"suspended and back, before", back, "2026-02-28", "", ""},
		{"suspended and back, meanwhile", back, "2026-04-01", IssuerSuspended, IssuerSuspended},
		{"suspended and back, since", back, "2026-05-01", "", ""},
		{"suspended, and back without a date, meanwhile", `{"history":[{"at":"2026-03-01","status":"suspended"}],` + grant + `}`, "2026-10-01", IssuerSuspended, IssuerSuspended},
		{"suspended, and back without a date, now", `{"history":[{"at":"2026-03-01","status":"suspended"}],` + grant + `}`, "", "", ""},
		{"revoked since, before", revoked, "2026-02-28", "", IssuerRevoked},
		{"revoked since, now", revoked, "", IssuerRevoked, IssuerRevoked},
		{"revoked after its history", `{"status":"revoked","history":[{"at":"2026-03-01","status":"suspended"},{"at":"2026-05-01"}],` + grant + `}`, "2026-06-01", IssuerRevoked, IssuerRevoked},
		{"revoked after its history, within it", `{"status":"revoked","history":[{"at":"2026-03-01","status":"suspended"},{"at":"2026-05-01"}],` + grant + `}`, "2026-02-01", "", IssuerRevoked},
		{"compromised since, before", `{"status":"compromised","history":[{"at":"2026-03-01","status":"compromised"}],` + grant + `}`, "2020-01-01", IssuerRevoked, IssuerRevoked},
		{"retired since, before", retired, "2026-02-28", "", ""},
		{"retired since, on the day", retired, "2026-03-01", IssuerRetired, IssuerRetired},
		{"retired since, now", retired, "", IssuerRetired, IssuerRetired},
		{"retired, the authorization says when", `{"status":"retired","auth":[{"action":"issue","resource":"Degree","until":"2026-03-01"}]}`, "2026-02-28", "", ""},
		{"retired, nothing says when", `{"status":"retired",` + grant + `}`, "2020-01-01", IssuerRetired, IssuerRetired},
		{"retired, though the authorization goes on", `{"status":"retired","auth":[{"action":"issue","resource":"Degree","until":"2030-01-01"}]}`, "", IssuerRetired, IssuerRetired},
		{"before its history", `{"history":[{"at":"2021-01-01","note":"joined"}],` + grant + `}`, "2020-12-31", IssuerNotActive, IssuerNotActive},
		{"since its history", `{"history":[{"at":"2021-01-01","note":"joined"}],` + grant + `}`, "2021-01-01", "", ""},
		{"authorization of before, while it held", ended, "2025-12-31", "", ""},
		{"authorization of before, when it ended", ended, "2026-01-01", NotInForce, NotInForce},
		{"authorization of before, now", ended, "", NotInForce, NotInForce},
		{"authorization retired, and over", `{"auth":[{"action":"issue","resource":"Degree","state":"retired","until":"2026-01-01"}]}`, "2025-12-31", "", ""},
		{"authorization retired, and not over", `{"auth":[{"action":"issue","resource":"Degree","state":"retired","until":"2030-01-01"}]}`, "", NotInForce, NotInForce},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parsed(tt.entity)
			o["id"] = issuerID
			day := now
			if tt.day != "" {
				day = at(tt.day)
			}
			for _, held := range []bool{false, true} {
				q := Question{Entity: issuerID, Action: Issue, Resources: []string{"Degree"}, At: day, Now: now, Held: held}
				a := Ask(q, open(t, nil, wire.Registry{Entities: []strictjson.Object{o}}))
				want := tt.asked
				if held {
					want = tt.signed
				}
				if a.Reason != want || a.Unknown {
					t.Errorf("held %v: got %q (%s), want %q", held, a.Reason, a.Detail, want)
				}
			}
		})
	}
}

// Asked by a key, the key must have been in force, too.
func TestAskByKey(t *testing.T) {
	const x, y = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "rw3NrnjKHq98fmp0N3omlI4xbd4I0XKMzaWVAs1stbw"
	const thumbprint = "jkt:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" // RFC 8037 Appendix A.3
	e := parsed(`{"id":"did:web:a.example","keys":[
		{"kid":"#old","jwk":{"kty":"OKP","crv":"Ed25519","x":"` + x + `"},"state":"retired","from":"2021-01-01","until":"2026-10-22"},
		{"kid":"#new","jwk":{"kty":"OKP","crv":"Ed25519","x":"` + y + `"},"from":"2026-10-01"}],
		"auth":[{"action":"issue","resource":"Degree"}]}`)
	other := parsed(`{"id":"did:web:b.example","keys":[{"kid":"#old","jwk":{"kty":"OKP","crv":"Ed25519","x":"` + y + `"},"state":"revoked"}]}`)
	tests := []struct {
		name, ref, day string
		want           Reason
	}{
		{"by its id", "did:web:a.example", "2026-11-01", ""},
		{"new key", "did:web:a.example#new", "2026-11-01", ""},
		{"old key, while it was used", "did:web:a.example#old", "2026-10-21", ""},
		{"old key, on the day when it was retired", "did:web:a.example#old", "2026-10-22", "key_retired"},
		{"old key, before it was used", thumbprint, "2020-12-31", "key_not_yet_valid"},
		{"old key by its thumbprint", thumbprint, "2026-10-21", ""},
		{"revoked key", "did:web:b.example#old", "2026-11-01", "key_revoked"},
		{"key of nobody", "did:web:a.example#third", "2026-11-01", NotInRegistry},
		{"key of two", "jkt:" + thumbprintOf(t, y), "2026-11-01", AmbiguousKey},
		{"entity that is not there", "did:web:c.example", "2026-11-01", NotInRegistry},
	}
	store := map[string]wire.Registry{"inline": {Entities: []strictjson.Object{e, other}}}
	blocks := newStore()
	store["snapshot"] = build(t, blocks, "", []string{string(strictjson.Encode(e)), string(strictjson.Encode(other))})
	for kind, reg := range store {
		for _, tt := range tests {
			t.Run(kind+"/"+tt.name, func(t *testing.T) {
				q := Question{Entity: tt.ref, Action: Issue, Resources: []string{"Degree"}, At: at(tt.day), Now: now}
				a := Ask(q, open(t, blocks, reg))
				if a.Reason != tt.want || a.Unknown != (tt.want == AmbiguousKey) {
					t.Fatalf("got %q (%s), want %q", a.Reason, a.Detail, tt.want)
				}
				if byKey := tt.want == "" && tt.ref != "did:web:a.example"; byKey != (a.Key != nil && a.Reason == "") {
					t.Errorf("key %+v", a.Key)
				}
			})
		}
	}
}
