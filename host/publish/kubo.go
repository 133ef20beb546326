package publish

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/ipns"
)

// Kubo is a Kubo node, by its RPC: the node gets the blocks that it lacks, pins the
// release in place of the one before, and publishes the registry's name.
//
// https://docs.ipfs.tech/reference/kubo/rpc/
type Kubo struct {
	// API is the URL of the node's RPC, as http://127.0.0.1:5001.
	API string
	// Authorization is that header's value, for a node that asks for one.
	Authorization string
	// Key is the name of a key of the node that signs an IPNS record of the head.
	// Empty: no record of the node's own. A record that comes with the release is
	// handed to the node in any case.
	Key string
	// Lifetime is how long such a record is valid, and TTL how long it may be kept.
	// Zero: 72 hours and 5 minutes.
	Lifetime, TTL time.Duration
	// Keep leaves the pins of earlier versions.
	Keep bool
	// Local stores records in the node alone, for one that is not connected.
	Local bool

	client *http.Client
	stall  time.Duration
}

// Publish implements [Target].
func (k Kubo) Publish(ctx context.Context, r Release) (Report, error) {
	report := Report{Target: k.API}
	fail := func(err error) (Report, error) { return report, wrap(BadTarget, k.API, err) }
	p, err := r.check()
	if err != nil {
		return fail(err)
	}
	k.client, k.stall = newClient(), cmp.Or(k.stall, stallTime)
	root, name := r.Snapshot, "verilith snapshot"
	if r.ID != "" {
		b, err := r.block()
		if err != nil {
			return fail(err)
		}
		root, name = b.CID, "verilith "+r.ID
		report.Release = root.String()
	}
	old, err := k.pins(ctx, name)
	if err != nil {
		return fail(err)
	}
	if !slices.Contains(old, root) {
		// What a pin holds is there, with all below it: only then are the blocks that the
		// node has worth asking for.
		err := k.add(ctx, r, root, name, old, len(old) > 0, &report)
		var e *Error
		if errors.As(err, &e) && e.Reason == Refused && len(old) > 0 { // it had lost some
			report.NewBlocks, report.NewBytes = 0, 0
			err = k.add(ctx, r, root, name, nil, false, &report)
		}
		if err != nil {
			return fail(err)
		}
	}
	if !k.Keep && r.ID != "" {
		for _, c := range old {
			if c == root {
				continue
			}
			// pin/update has removed the first of them: that there is no such pin is what
			// is wanted.
			var e *Error
			if _, err := k.call(ctx, "pin/rm", url.Values{"arg": {c.String()}}, nil); err != nil && !(errors.As(err, &e) && e.Reason == Refused) {
				return fail(err)
			}
		}
	}
	return report, wrap(BadTarget, k.API, k.names(ctx, r, p))
}

// pins are the roots that the node has pinned under a name.
func (k Kubo) pins(ctx context.Context, name string) ([]cid.Cid, error) {
	body, err := k.call(ctx, "pin/ls", url.Values{"type": {"recursive"}, "names": {"true"}, "name": {name}}, nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Keys map[string]struct{ Name string }
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, errorf(BadAnswer, k.API, "pin/ls: %v", err)
	}
	var roots []cid.Cid
	for _, text := range slices.Sorted(maps.Keys(list.Keys)) {
		c, err := cid.Decode(text)
		if err != nil {
			return nil, errorf(BadAnswer, k.API, "pin/ls: %q is no CID", text)
		}
		if list.Keys[text].Name == name { // the node filters by a part of the name
			roots = append(roots, c)
		}
	}
	return roots, nil
}

// add imports a release and pins its root.
func (k Kubo) add(ctx context.Context, r Release, root cid.Cid, name string, old []cid.Cid, ask bool, report *Report) error {
	if err := k.load(ctx, r, root, ask, report); err != nil {
		return err
	}
	if len(old) > 0 && !k.Keep && r.ID != "" {
		// Only the difference is looked through, and the pin keeps its name.
		_, err := k.call(ctx, "pin/update", url.Values{"arg": {old[0].String(), root.String()}, "unpin": {"true"}, "offline": {"true"}}, nil)
		return err
	}
	body, err := k.call(ctx, "pin/add", url.Values{"arg": {root.String()}, "name": {name}, "recursive": {"true"}, "offline": {"true"}, "progress": {"true"}}, nil)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(body) {
		var pinned struct{ Pins []string }
		if json.Unmarshal(line, &pinned) == nil && slices.Contains(pinned.Pins, root.String()) {
			return nil
		}
	}
	return errorf(BadAnswer, k.API, "pin/add does not say that %s is pinned: %.200q", root, body)
}

// load streams a CAR of the release to the node: what it has not, if it is asked, or
// all. A node takes the blocks of a CAR as they come.
func (k Kubo) load(ctx context.Context, r Release, root cid.Cid, ask bool, report *Report) error {
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	sent := *report
	written := make(chan struct{})
	go func() {
		defer close(written)
		err := func() error {
			part, err := form.CreateFormFile("file", root.String()+".car")
			if err != nil {
				return err
			}
			buf := bufio.NewWriterSize(part, 1<<20)
			if err := k.write(ctx, r, root, ask, buf, &sent); err != nil {
				return err
			}
			if err := buf.Flush(); err != nil {
				return err
			}
			return form.Close()
		}()
		pw.CloseWithError(err) // nil is the end of the body
	}()
	body, err := k.call(ctx, "dag/import", url.Values{"pin-roots": {"false"}, "stats": {"true"}}, &upload{pr, form.FormDataContentType()})
	pr.CloseWithError(errors.New("the node takes no more")) // nil where all was sent
	<-written
	*report = sent
	if err != nil {
		return err
	}
	var said struct {
		Stats *struct{ BlockCount, BlockBytesCount int64 }
	}
	for line := range bytes.Lines(body) {
		if err := json.Unmarshal(line, &said); err != nil {
			return errorf(BadAnswer, k.API, "dag/import: %v", err)
		}
	}
	if said.Stats == nil || said.Stats.BlockCount != int64(sent.NewBlocks) || said.Stats.BlockBytesCount != sent.NewBytes {
		return errorf(BadAnswer, k.API, "dag/import took %.200q, and %d blocks of %d bytes were sent", body, sent.NewBlocks, sent.NewBytes)
	}
	return nil
}

// write writes the CAR that load sends.
func (k Kubo) write(ctx context.Context, r Release, root cid.Cid, ask bool, w io.Writer, sent *Report) error {
	count := func(b block.Block) {
		sent.NewBlocks++
		sent.NewBytes += int64(len(b.Data))
		if r.Progress != nil {
			r.Progress(*sent)
		}
	}
	if !ask {
		return r.writeCAR(ctx, w, count)
	}
	car, err := block.NewCARWriter(w, root)
	if err != nil {
		return err
	}
	put := func(b block.Block) error {
		if err := car.Put(b); err != nil {
			return err
		}
		count(b)
		return nil
	}
	had := map[cid.Cid]bool{}
	t := tree{fetch: r.blocks(), put: put, have: func(c cid.Cid) (bool, error) {
		if had[c] {
			return true, nil
		}
		ok, err := k.has(ctx, c)
		had[c] = true // it has it, or gets it now
		return ok, err
	}}
	if err := t.copy(ctx, r.Snapshot); err != nil {
		return err
	}
	if r.ID == "" {
		return nil
	}
	for _, d := range r.documents() {
		if err := put(d.block()); err != nil {
			return err
		}
	}
	b, err := r.block()
	if err != nil {
		return err
	}
	return put(b)
}

// has asks whether the node has a block at hand.
func (k Kubo) has(ctx context.Context, c cid.Cid) (bool, error) {
	_, err := k.call(ctx, "block/stat", url.Values{"arg": {c.String()}, "offline": {"true"}}, nil)
	var e *Error
	if errors.As(err, &e) && e.Reason == Refused {
		return false, nil
	}
	return err == nil, err
}

// names hands the release's record to the node, and has it sign one with its own key.
func (k Kubo) names(ctx context.Context, r Release, p *proven) error {
	offline := strconv.FormatBool(k.Local)
	if r.Record != nil {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		part, err := form.CreateFormFile("record", "record.ipns-record")
		if err != nil {
			return err
		}
		if _, err := part.Write(r.Record); err != nil {
			return err
		}
		if err := form.Close(); err != nil {
			return err
		}
		if _, err := k.call(ctx, "name/put", url.Values{"arg": {r.RecordName}, "allow-offline": {offline}},
			&upload{io.NopCloser(&b), form.FormDataContentType()}); err != nil {
			return err
		}
	}
	if k.Key == "" || r.ID == "" {
		return nil
	}
	value := "/ipfs/" + p.head.Location.String()
	args := url.Values{"arg": {value}, "key": {k.Key}, "resolve": {"false"}, "v1compat": {"false"}, "allow-offline": {offline},
		"lifetime": {cmp.Or(k.Lifetime, 72*time.Hour).String()}, "ttl": {cmp.Or(k.TTL, 5*time.Minute).String()}}
	name, renew, err := k.leads(ctx, value, uint64(p.head.Version))
	if err != nil {
		return err
	}
	// The node refuses to set the sequence that it has: then this renews the record.
	if !renew {
		args.Set("sequence", strconv.FormatInt(p.head.Version, 10))
	}
	body, err := k.call(ctx, "name/publish", args, nil)
	if err != nil {
		return err
	}
	var said struct{ Name, Value string }
	if err := json.Unmarshal(body, &said); err != nil || said.Value != value || said.Name != name {
		return errorf(BadAnswer, k.API, "name/publish: %.200q, want %s for %s", body, value, name)
	}
	return nil
}

// leads is the name of the node's key, and whether the node's record of it has the value
// and the sequence.
func (k Kubo) leads(ctx context.Context, value string, sequence uint64) (string, bool, error) {
	body, err := k.call(ctx, "key/list", url.Values{"ipns-base": {"base36"}}, nil)
	if err != nil {
		return "", false, err
	}
	var list struct {
		Keys []struct{ Name, Id string } //nolint // the node's spelling
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return "", false, errorf(BadAnswer, k.API, "key/list: %v", err)
	}
	i := slices.IndexFunc(list.Keys, func(key struct{ Name, Id string }) bool { return key.Name == k.Key })
	if i < 0 {
		return "", false, errorf(BadTarget, k.API, "the node has no key %q", k.Key)
	}
	id := list.Keys[i].Id
	name, err := ipns.ParseName(id)
	if err != nil {
		return "", false, errorf(BadAnswer, k.API, "key/list: %v", err)
	}
	data, err := k.call(ctx, "name/get", url.Values{"arg": {id}, "offline": {"true"}}, nil)
	if refused(err) { // it has none, or it is offline and does not show it
		return k.resolves(ctx, id, value)
	}
	if err != nil {
		return "", false, err
	}
	rec, err := ipns.Verify(name, data)
	if err != nil {
		return "", false, errorf(BadAnswer, k.API, "name/get: %v", err)
	}
	return id, rec.Value == value && rec.Sequence == sequence, nil
}

// resolves is what leads says of a node that only says where its names lead.
func (k Kubo) resolves(ctx context.Context, id, value string) (string, bool, error) {
	body, err := k.call(ctx, "name/resolve", url.Values{"arg": {id}, "recursive": {"false"}, "nocache": {"true"}, "offline": {"true"}}, nil)
	if refused(err) { // it leads nowhere
		return id, false, nil
	}
	if err != nil {
		return "", false, err
	}
	var said struct{ Path string }
	if err := json.Unmarshal(body, &said); err != nil {
		return "", false, errorf(BadAnswer, k.API, "name/resolve: %v", err)
	}
	return id, said.Path == value, nil
}

func refused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == Refused
}

// upload is a request's body.
type upload struct {
	body        io.ReadCloser
	contentType string
}

// call calls a command of the RPC, which takes POST only. A command that fails is
// Refused, with what the node says of it.
func (k Kubo) call(ctx context.Context, command string, args url.Values, up *upload) ([]byte, error) {
	base, err := baseURL(k.API)
	if err != nil {
		return nil, err
	}
	u := base.JoinPath("api/v0", command)
	u.RawQuery = args.Encode()
	req, err := http.NewRequest(http.MethodPost, u.String(), nil)
	if err != nil {
		return nil, wrap(BadTarget, k.API, err)
	}
	if up != nil {
		req.Body = up.body
		req.Header.Set("Content-Type", up.contentType)
	}
	if k.Authorization != "" {
		req.Header.Set("Authorization", k.Authorization)
	}
	resp, body, err := exchange(ctx, k.client, req, k.stall)
	if err != nil {
		return nil, err
	}
	var said struct{ Message string }
	switch text := resp.Trailer.Get("X-Stream-Error"); {
	case text != "": // it failed after it had begun to answer
		return nil, errorf(Refused, k.API, "%s: %.500s", command, text)
	case resp.StatusCode == http.StatusOK:
		return body, nil
	case json.Unmarshal(body, &said) == nil && said.Message != "":
		return nil, errorf(Refused, k.API, "%s: %.500s", command, said.Message)
	case resp.StatusCode >= 500 && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/"):
		return nil, errorf(Unreachable, k.API, "%s: status %d", command, resp.StatusCode) // of a proxy before it
	}
	return nil, errorf(BadTarget, k.API, "%s: status %d: %.200q", command, resp.StatusCode, body)
}
