package wire

import "fmt"

// SignIn is what a message of Sign-In with Ethereum (ERC-4361) says.
type SignIn struct {
	// Account is who signed in, as CAIP-10 writes it: "eip155:1:0x…". Sessions are bound to
	// it. It is there only where the signature is the account's.
	Account string `json:"account,omitempty"`
	// Address is whose account the message names.
	Address        string   `json:"address"`
	ChainID        int64    `json:"chainId"`
	Scheme         string   `json:"scheme,omitempty"`
	Domain         string   `json:"domain"`
	Statement      string   `json:"statement,omitempty"`
	URI            string   `json:"uri"`
	Nonce          string   `json:"nonce"`
	IssuedAt       string   `json:"issuedAt"`
	ExpirationTime string   `json:"expirationTime,omitempty"`
	NotBefore      string   `json:"notBefore,omitempty"`
	RequestID      string   `json:"requestId,omitempty"`
	Resources      []string `json:"resources,omitempty"`
}

// ExpectSignIn is what more a sign-in was asked for.
type ExpectSignIn struct {
	// URI is the subject of the sign-in. Empty takes any.
	URI string `json:"uri,omitempty"`
	// ChainID is the chain to which the session is bound (EIP-155). Zero takes any.
	ChainID int64 `json:"chainId,omitempty"`
	// RequestID is the identifier of the request. Empty takes any.
	RequestID string `json:"requestId,omitempty"`
}

// MaxSignIn bounds the input of OpSignIn in bytes: a message that a person reads, and
// the signature of a contract, which may have the contract's code in it.
const MaxSignIn = 128 << 10

func (e *ExpectSignIn) check(op Op) error {
	switch {
	case e == nil:
		return nil
	case op != OpSignIn:
		return &Error{BadRequest, "expect.signIn", "belongs to signin"}
	case e.ChainID < 0:
		return &Error{BadRequest, "expect.signIn.chainId", fmt.Sprintf("%d, want the number of a chain", e.ChainID)}
	}
	return nil
}
