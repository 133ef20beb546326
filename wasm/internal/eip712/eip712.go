// Package eip712 hashes what Ethereum accounts sign outside of transactions: typed
// structured data ([EIP-712]) and messages of personal_sign ([EIP-191], version 0x45).
//
// It is strict where the text leaves room, since what is hashed here is judged as a
// document afterwards: a member of the message that its type does not have would be
// shown and not signed, so it is refused; and so are a member that is missing, a type
// that is declared and not used, and a value that has several spellings in its type.
//
// It knows no keys and checks no signature. JSON holds no cycles, so neither does data.
//
// [EIP-712]: https://eips.ethereum.org/EIPS/eip-712
// [EIP-191]: https://eips.ethereum.org/EIPS/eip-191
package eip712

import (
	"fmt"
	"strconv"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package's errors.
const (
	MalformedTypes  Reason = "malformed_types"  // the types are not of EIP-712's form
	MalformedDomain Reason = "malformed_domain" // the domain is not as EIP712Domain
	MalformedValue  Reason = "malformed_value"  // a value is not of its type
	UnsignedMember  Reason = "unsigned_member"  // the message has a member that its type has not
	MissingMember   Reason = "missing_member"   // its type has a member that the message has not
	TooLarge        Reason = "too_large"        // maxTypes, maxMembers
)

// Error is why typed data has no hash.
type Error struct {
	Reason Reason
	Member string // path of the member at fault
	Detail string
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

func fail(reason Reason, member, format string, args ...any) *Error {
	return &Error{reason, member, fmt.Sprintf(format, args...)}
}

// domainType is the type of the domain, EIP-712 "Definition of domainSeparator".
const domainType = "EIP712Domain"

// TypedData is what eth_signTypedData signs.
type TypedData struct {
	Types   strictjson.Object // type name → list of members, each of name and type
	Primary string            // the type of Message
	Domain  strictjson.Object
	Message strictjson.Object
}

// Hash returns keccak256("\x19\x01" ‖ domainSeparator ‖ hashStruct(message)). The error
// is an *[Error].
func (d TypedData) Hash() ([32]byte, error) {
	s, err := readTypes(d.Types)
	if err != nil {
		return [32]byte{}, err
	}
	if err := s.checkDomain(); err != nil {
		return [32]byte{}, err
	}
	if d.Primary == domainType || s.structs[d.Primary] == nil {
		return [32]byte{}, fail(MalformedTypes, "primaryType", "%.60q is no type of the message", d.Primary)
	}
	if err := s.allUsed(d.Primary); err != nil {
		return [32]byte{}, err
	}
	domain, err := s.hashStruct(domainType, d.Domain, "domain")
	if err != nil {
		err.Reason = MalformedDomain
		return [32]byte{}, err
	}
	message, err := s.hashStruct(d.Primary, d.Message, "")
	if err != nil {
		return [32]byte{}, err
	}
	return keys.Keccak256([]byte("\x19\x01"), domain[:], message[:]), nil
}

// PersonalMessage hashes a message as personal_sign does, EIP-191 version 0x45. The
// length is in octets, in decimal.
func PersonalMessage(message []byte) [32]byte {
	return keys.Keccak256([]byte("\x19Ethereum Signed Message:\n"), strconv.AppendInt(nil, int64(len(message)), 10), message)
}
