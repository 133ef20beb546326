package did

import (
	"encoding/hex"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
)

// accountMethod is the type of a verification method whose key is known by its account
// alone: it is recovered from the signature (DIF EcdsaSecp256k1RecoverySignature2020).
const accountMethod = "EcdsaSecp256k1RecoveryMethod2020"

// accountID is an account in the form of CAIP-10.
type accountID struct{ namespace, reference, address string }

func (a accountID) String() string { return a.namespace + ":" + a.reference + ":" + a.address }

// parseAccountID reads an account by CAIP-10: namespace ":" reference ":" address. An
// earlier version wrote address "@" namespace ":" reference, as documents still do.
func parseAccountID(s string) (accountID, bool) {
	if address, chain, ok := strings.Cut(s, "@"); ok {
		s = chain + ":" + address
	}
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return accountID{}, false
	}
	a := accountID{parts[0], parts[1], parts[2]}
	ok := len(a.namespace) >= 3 && len(a.namespace) <= 8 && span(a.namespace, func(c byte) bool { return c == '-' || isAlnum(c) && (c < 'A' || c > 'Z') }) == len(a.namespace) &&
		len(a.reference) >= 1 && len(a.reference) <= 32 && span(a.reference, func(c byte) bool { return c == '-' || c == '_' || isAlnum(c) }) == len(a.reference) &&
		len(a.address) >= 1 && len(a.address) <= 128 && span(a.address, isIDChar) == len(a.address)
	return a, ok
}

// accountKey is the key of an account of an EVM chain. Which chain makes no difference
// to a key. Accounts of other namespaces are hashes of keys that nothing here verifies.
func accountKey(a accountID, member string) (*keys.Key, *Error) {
	if a.namespace != "eip155" {
		return nil, fail(UnsupportedKey, member, "an account of %.40q, want eip155", a.namespace)
	}
	if strings.Trim(a.reference, "0123456789") != "" || len(a.reference) > 1 && a.reference[0] == '0' {
		return nil, fail(Reason(keys.Malformed), member, "chain %.40q, want a number", a.reference)
	}
	address, err := keys.ParseAddress(a.address, false)
	if err != nil {
		return nil, fromKey(member, err)
	}
	return keys.FromAddress(address), nil
}

// resolvePKH makes the document of a did:pkh, did:pkh "Read (Resolve)": one method, for
// authentication and assertions. The short names of networks from before that text took
// up CAIP-2 ("Appendix: Legacy Support") are not resolved.
func resolvePKH(u didURL) (*Document, error) {
	a, ok := parseAccountID(u.id)
	if !ok {
		return nil, fail(MalformedDID, "", "%.80q: want an account of CAIP-10: namespace, chain and address", u.did)
	}
	key, err := accountKey(a, "")
	if err != nil {
		return nil, err
	}
	return &Document{ID: u.did, methods: []*Method{{
		ID: u.did + "#blockchainAccountId", Controller: u.did, Type: accountMethod, Key: key,
		Purposes: []string{"authentication", "assertionMethod"},
	}}}, nil
}

// resolveEthr makes the document that a did:ethr has by itself, did:ethr "Read
// (Resolve)": that of an identity of which the ERC-1056 registry knows nothing. The
// chain is not read here: a new owner, and delegates, are for a registry to say.
func resolveEthr(u didURL) (*Document, error) {
	// The network before the address is a name or a chain's number. An account has the
	// same key on all of them.
	id := u.id[strings.LastIndexByte(u.id, ':')+1:]
	if network := strings.TrimSuffix(u.id[:len(u.id)-len(id)], ":"); u.id[0] == ':' || strings.Contains(network, "::") || strings.HasSuffix(network, ":") {
		return nil, fail(MalformedDID, "", "%.80q: %.40q is no network", u.did, network)
	}
	d := &Document{ID: u.did}
	purposes := func() []string { return []string{"authentication", "assertionMethod"} }
	controller := &Method{ID: u.did + "#controller", Controller: u.did, Type: accountMethod, Purposes: purposes()}
	d.methods = []*Method{controller}
	if len(id) != len("0x")+2*33 {
		address, err := keys.ParseAddress(id, false)
		if err != nil {
			return nil, fromKey("", err)
		}
		controller.Key = keys.FromAddress(address)
		return d, nil
	}
	// The account of a public key, which is then a method of its own.
	raw, err := hex.DecodeString(strings.TrimPrefix(id, "0x"))
	if err != nil || !strings.HasPrefix(id, "0x") {
		return nil, fail(Reason(keys.Malformed), "", "%.80q: want an address or a compressed public key in hexadecimal", u.did)
	}
	key, err := keys.FromBytes(keys.TypeSecp256k1, raw)
	if err != nil {
		return nil, fromKey("", err)
	}
	address, _ := key.Address()
	controller.Key = keys.FromAddress(address)
	d.methods = append(d.methods, &Method{ID: u.did + "#controllerKey", Controller: u.did,
		Type: "EcdsaSecp256k1VerificationKey2019", Key: key, Purposes: purposes()})
	return d, nil
}
