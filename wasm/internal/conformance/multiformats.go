package main

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"

	"github.com/multiformats/go-multibase"
)

// unknownBases are encodings of the tables that the multibase library has not got. The
// module itself reads base32 (CIDs), base58btc and base64url (keys and proofs).
const unknownBases = "no text that Verilith follows uses this encoding, and its multibase library has not got it"

// multiformats decodes the tables of the multibase specification, each a plain text and
// its encodings, and encodes again where the table has the canonical form.
func multiformats(s *session) {
	for _, v := range s.vectors {
		data, ok := s.read(v, v.Files[0])
		if !ok {
			continue
		}
		r := csv.NewReader(bytes.NewReader(data))
		r.TrimLeadingSpace, r.FieldsPerRecord = true, 2
		rows, err := r.ReadAll()
		if err != nil || len(rows) < 2 {
			s.fail(v, "", open, "%d rows, %v", len(rows), err)
			continue
		}
		plain, err := strconv.Unquote(`"` + rows[0][1] + `"`)
		if err != nil {
			s.fail(v, "", open, "heading %q: %v", rows[0][1], err)
			continue
		}
		canonical := !strings.HasPrefix(rows[0][0], "non-canonical")
		for _, row := range rows[1:] {
			s.multibase(v, row[0], row[1], plain, canonical)
		}
	}
}

func (s *session) multibase(v vector, name, text, plain string, canonical bool) {
	want, known := multibase.Encodings[name]
	if !known {
		s.skip(v, name, valid, unknownBases)
		return
	}
	base, got, err := multibase.Decode(text)
	if err != nil || base != want || string(got) != plain {
		s.fail(v, name, valid, "decodes to %q of base %d, %v; want %q of %s", got, base, err, plain, name)
		return
	}
	if canonical {
		if again, err := multibase.Encode(base, got); err != nil || again != text {
			s.fail(v, name, valid, "encodes to %q (%v), want %q", again, err, text)
			return
		}
	}
	s.pass(v, name, valid)
}
