package snapshot

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadme builds the worked example of README.md and compares each byte.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(readme)
	if source == nil {
		t.Fatal("no entity in README.md")
	}
	s, store := build(t, listOf(entity(t, string(source[1]))))
	at := map[string]string{"root": s.root.String()}
	for room, c := range s.rooms {
		at[room] = c.String()
	}
	examples := regexp.MustCompile("(?s)```hex (\\w+) (\\w+)\n(.*?)```").FindAllSubmatch(readme, -1)
	for _, m := range examples {
		name, text := string(m[1]), string(m[2])
		if at[name] != text {
			t.Errorf("%s is %s, README.md says %s", name, at[name], text)
			continue
		}
		var digits strings.Builder
		for line := range strings.Lines(string(m[3])) {
			line, _, _ = strings.Cut(line, ";")
			digits.WriteString(strings.Join(strings.Fields(line), ""))
		}
		want, err := hex.DecodeString(digits.String())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c := s.root
		if name != "root" {
			c = s.rooms[name]
		}
		if !bytes.Equal(store[c], want) {
			t.Errorf("%s is\n%x, README.md says\n%x", name, store[c], want)
		}
	}
	if len(examples) != len(at) {
		t.Errorf("%d examples for %d blocks", len(examples), len(at))
	}
	for _, text := range []string{key("did:web:a.example"), "jkt:" + thumbprint(entity(t, string(source[1])).Keys[0].JWK)} {
		if !strings.Contains(string(readme), text) {
			t.Errorf("README.md does not name %s", text)
		}
	}
}
