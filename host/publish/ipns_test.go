package publish

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/ipns"
)

func TestName(t *testing.T) {
	o := newOperator(t)
	o.ipnsKey = newKey(t)
	r := o.release(o.build(5, 0, 0), 0)
	name, err := ipns.ParseName(r.RecordName)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := ipns.Verify(name, r.Record)
	if err != nil || rec.Value != "/ipfs/"+r.Location().String() || rec.Sequence != 1 || !rec.Validity.Equal(epoch.AddDate(0, 0, 2)) {
		t.Errorf("the record says %+v, %v", rec, err)
	}
	bare := Release{Snapshot: r.Snapshot, Get: r.Get}
	wantReason(t, bare.Name(o.ipnsKey, epoch, time.Minute), BadRelease)
}

func TestIPNSRouter(t *testing.T) {
	o := newOperator(t)
	o.ipnsKey = newKey(t)
	r := o.release(o.build(5, 0, 0), 0)
	other := newOperator(t)
	other.ipnsKey = newKey(t)
	theirs := other.release(other.build(5, 0, 0), 0)
	tests := []struct {
		name   string
		edit   func(*Release)
		status int
		want   Reason
	}{
		{"valid", func(*Release) {}, 200, ""},
		{"router refuses", func(*Release) {}, 400, Refused},
		{"router redirects", func(*Release) {}, 307, Refused},
		{"no record", func(r *Release) { r.Record = nil }, 200, BadRelease},
		{"another's record", func(r *Release) { r.Record = theirs.Record }, 200, BadName},
		{"no name", func(r *Release) { r.RecordName = "registry.example" }, 200, BadName},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				asked++
				body, _ := io.ReadAll(q.Body)
				if q.Method != "PUT" || q.URL.Path != "/base/routing/v1/ipns/"+r.RecordName || q.Header.Get("Content-Type") != recordType || !bytes.Equal(body, r.Record) {
					t.Errorf("%s %s with %d bytes of %s", q.Method, q.URL, len(body), q.Header.Get("Content-Type"))
				}
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(tt.status)
			}))
			defer s.Close()
			r := r
			tt.edit(&r)
			_, err := IPNSRouter{URL: s.URL + "/base/"}.Publish(t.Context(), r)
			wantReason(t, err, tt.want)
			if sent := tt.want == "" || tt.want == Refused; sent != (asked == 1) {
				t.Errorf("asked %d times", asked)
			}
		})
	}
	_, err := IPNSRouter{URL: "ftp://router"}.Publish(t.Context(), r)
	wantReason(t, err, BadTarget)
}
