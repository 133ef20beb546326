package main

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/block"
)

const (
	carV2      = "CARv2: a case is a CARv1 (package wire), and the payload of a CARv2 is not looked for; refused"
	carForeign = "its blocks are UnixFS, other CBOR or other hashes: a case or snapshot has raw, dag-cbor and json blocks under CIDv1 and SHA-256; refused, and read to its end by the reader that passes such blocks over"
	carNone    = "no CAR: text about the fixtures, or a DNSLink record of the source's gateway tests"
	carIPNS    = "an IPNS record, for governed registries; no CAR"
)

// carFaults are the reasons for which the bad files must be refused.
var carFaults = map[string]block.Reason{
	"gocar-cmd/car/testdata/inputs/badheaderlength.car":  block.TooLarge,     // a length of gigabytes
	"gocar-cmd/car/testdata/inputs/badsectionlength.car": block.TooLarge,     // likewise
	"gocar-v2/testdata/sample-corrupt-pragma.car":        block.CARTruncated, // a header of 18 bytes in 15
	"gocar-v2/testdata/sample-rootless-v42.car":          block.CARVersion,
}

// cars reads CAR files whole, every block's hash checked.
func cars(s *session) {
	for _, v := range s.vectors {
		switch {
		case v.Expected == "ipns-record" && path.Ext(v.Files[0]) == ".ipns-record":
			s.skip(v, "", open, carIPNS)
		case path.Ext(v.Files[0]) != ".car":
			s.skip(v, "", open, carNone)
		default:
			s.car(v)
		}
	}
}

func (s *session) car(v vector) {
	data, ok := s.read(v, v.Files[0])
	if !ok {
		return
	}
	_, blocks, err := block.ReadCAR(data, block.Limits{})
	var reason block.Reason
	if e := (*block.Error)(nil); errors.As(err, &e) {
		reason = e.Reason
	}
	k := map[string]kind{"valid": valid, "invalid": invalid}[v.Expected]
	switch {
	case isCARv2(data) && reason == block.CARVersion:
		s.skip(v, "", k, carV2)
	case k == invalid:
		want := carFaults[v.Name]
		s.check(v, "", k, want != "" && reason == want, "got %v and %d blocks, want %q", err, len(blocks), want)
	case k == valid && reason == block.UnsupportedCID:
		if err := passOver(data); err != nil {
			s.fail(v, "", k, "passing over foreign blocks: %v", err)
			return
		}
		s.skip(v, "", k, carForeign)
	case k == valid:
		s.check(v, "", k, err == nil && len(blocks) > 0, "%v, %d blocks", err, len(blocks))
	case strings.HasSuffix(v.Name, "with-zero-len-section.car"):
		// The source reads a section of no bytes as padding only where it is asked to;
		// CARv1 says that a section holds a CID. Its other blocks are foreign.
		err := passOver(data)
		e := (*block.Error)(nil)
		s.check(v, "", open, errors.As(err, &e) && e.Reason == block.CARSection, "got %v, want %s", err, block.CARSection)
	}
}

// passOver reads a CAR to its end, past sections that are not ours.
func passOver(data []byte) error {
	r, err := block.NewCARReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.SkipForeign = true
	for {
		if _, err := r.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// isCARv2 looks for the pragma, https://ipld.io/specs/transport/car/carv2/#pragma.
func isCARv2(data []byte) bool {
	return strings.HasPrefix(string(data), "\x0a\xa1gversion\x02")
}
