package jose

import (
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
)

// What a caller understands may be critical, and is signed like everything else.
func TestCriticalUnderstood(t *testing.T) {
	issuer := testissuer.Key("ES256", "crit")
	k := key(t, issuer)
	other := key(t, testissuer.Key("ES256", "somebody else"))
	understood := Options{Understood: []string{"sigT", "x"}}
	tests := []struct {
		name   string
		header string
		opt    Options
		want   Reason
	}{
		{"understood", `{"alg":"ES256","crit":["sigT"],"sigT":"2026-01-01T00:00:00Z"}`, understood, ""},
		{"both understood", `{"alg":"ES256","crit":["sigT","x"],"sigT":"t","x":1}`, understood, ""},
		{"understood, and nothing critical", `{"alg":"ES256","sigT":"t"}`, understood, ""},
		{"by nobody", `{"alg":"ES256","crit":["sigT"],"sigT":"t"}`, Options{}, UnsupportedCritical},
		{"one of two", `{"alg":"ES256","crit":["sigT","y"],"sigT":"t","y":1}`, understood, UnsupportedCritical},
		{"not there", `{"alg":"ES256","crit":["sigT","x"],"sigT":"t"}`, understood, MalformedHeader},
		{"twice", `{"alg":"ES256","crit":["sigT","sigT"],"sigT":"t"}`, understood, MalformedHeader},
		{"no string behind it", `{"alg":"ES256","crit":["sigT",1],"sigT":"t"}`, understood, MalformedHeader},
		{"registered", `{"alg":"ES256","crit":["sigT","x5c"],"sigT":"t","x5c":[]}`, understood, MalformedHeader},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := sign(issuer, tt.header, `{"a":1}`)
			j, err := ParseCompactWith(token, tt.opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			wantReason(t, j.Verify(k), "")
			wantReason(t, j.Verify(other), BadSignature)
			part := strings.Split(token, ".")
			changed, err := ParseCompactWith(part[0]+"."+b64(`{"a":2}`)+"."+part[2], tt.opt)
			wantReason(t, err, "")
			wantReason(t, changed.Verify(k), BadSignature)
			if j, err = ParseCompactWith(part[0]+".."+part[2], Options{Detached: true, Understood: tt.opt.Understood}); err != nil {
				t.Fatal(err)
			}
			wantReason(t, j.VerifyDetached([]byte(`{"a":1}`), k), "")
			wantReason(t, j.VerifyDetached([]byte(`{"a":2}`), k), BadSignature)
		})
	}
}
