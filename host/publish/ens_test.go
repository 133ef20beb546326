package publish

import (
	"errors"
	"testing"
)

func TestENSContenthash(t *testing.T) {
	tests := []struct{ name, give, want string }{
		// EIP-1577, "Example": the CIDv0, and the CIDv1 that is the same.
		{"CIDv0 of EIP-1577", "QmRAQB6YaCyidP37UdDnjFY5vQuiBrcqdyoW1CuDgwxkD4", "0xe3010170122029f2d17be6139079dc48696d1f582a8530eb9805b561eda517e22a892c7e3f1f"},
		{"its CIDv1", "bafybeibj6lixxzqtsb45ysdjnupvqkufgdvzqbnvmhw2kf7cfkesy7r7d4", "0xe3010170122029f2d17be6139079dc48696d1f582a8530eb9805b561eda517e22a892c7e3f1f"},
		{"behind /ipfs/", "/ipfs/bafybeibj6lixxzqtsb45ysdjnupvqkufgdvzqbnvmhw2kf7cfkesy7r7d4", "0xe3010170122029f2d17be6139079dc48696d1f582a8530eb9805b561eda517e22a892c7e3f1f"},
		// SHA-256 of nothing is e3b0c442…b855.
		{"raw block of nothing", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", "0xe30101551220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		// SHA-256 of {}; codec 0x0200 is the varint 80 04.
		{"JSON block", "bagaaieraiqjw7i2vwntyuekgvulpp2det2kpwt6cd7tx5ayqybqpmhfk76fa", "0xe301018004122044136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
		// The name of the public key of RFC 8032 Section 7.1, TEST 1: CIDv1, libp2p-key, the
		// identity hash of 36 bytes, which are 08 01 12 20 and the key.
		{"IPNS name", "k51qzi5uqu5dljtg5upm7x7ugan9lql3ewyknv4r4mhhkwzn8n7cnbd1unfwgq", "0xe5010172002408011220d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
		{"behind /ipns/", "/ipns/k51qzi5uqu5dljtg5upm7x7ugan9lql3ewyknv4r4mhhkwzn8n7cnbd1unfwgq", "0xe5010172002408011220d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
		{"no CID", "registry.eth", "error"},
		{"empty", "", "error"},
		{"block behind /ipns/", "/ipns/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", "error"},
		{"identity hash", "bafkqaaa", "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ENSContenthash(tt.give)
			var e *Error
			if tt.want == "error" {
				if !errors.As(err, &e) || e.Reason != BadName {
					t.Errorf("got %s, %v; want %s", got, err, BadName)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}
