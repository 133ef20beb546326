package publish

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/ipns"
)

const recordType = "application/vnd.ipfs.ipns-record"

// Name signs an IPNS record that mirrors the release's head, and puts it into the
// release: its value is the head's location, its sequence the head's version.
func (r *Release) Name(s ipns.Signer, until time.Time, ttl time.Duration) error {
	if r.ID == "" || r.Head == nil {
		return errorf(BadRelease, "", "a record points to a head, and there is none")
	}
	head, err := governance.ParseHead(r.Head)
	if err != nil {
		return wrap(BadRelease, "", err)
	}
	name, err := ipns.NameOf(s.Key())
	if err != nil {
		return wrap(BadName, "", err)
	}
	data, err := ipns.Create(s, ipns.Record{
		Value: "/ipfs/" + head.Location.String(), Sequence: uint64(head.Version), Validity: until, TTL: ttl,
	})
	if err != nil {
		return wrap(BadName, "", err)
	}
	r.RecordName, r.Record = name.String(), data
	return nil
}

// IPNSRouter is a delegated router, by HTTP: PUT /routing/v1/ipns/{name}.
//
// https://specs.ipfs.tech/routing/http-routing-v1/
type IPNSRouter struct {
	URL   string
	stall time.Duration
}

// Publish implements [Target]: it puts the release's record, and nothing else.
func (p IPNSRouter) Publish(ctx context.Context, r Release) (Report, error) {
	report := Report{Target: p.URL}
	if r.Record == nil {
		return report, errorf(BadRelease, p.URL, "the release has no IPNS record")
	}
	name, err := ipns.ParseName(r.RecordName)
	if err == nil {
		_, err = ipns.Verify(name, r.Record)
	}
	if err != nil {
		return report, wrap(BadName, p.URL, err)
	}
	base, err := baseURL(p.URL)
	if err != nil {
		return report, err
	}
	req, err := http.NewRequest(http.MethodPut, base.JoinPath("routing/v1/ipns", name.String()).String(), nil)
	if err != nil {
		return report, wrap(BadTarget, p.URL, err)
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.Record)), int64(len(r.Record))
	req.Header.Set("Content-Type", recordType)
	resp, body, err := exchange(ctx, newClient(), req, cmp.Or(p.stall, stallTime))
	if err != nil {
		return report, err
	}
	if resp.StatusCode/100 != 2 {
		return report, errorf(Refused, p.URL, "status %d: %.200q", resp.StatusCode, body)
	}
	report.NewBytes = int64(len(r.Record))
	return report, nil
}
