package main

import (
	"flag"
	"fmt"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// openid4vp is the request of OpenID4VP to which the input is the response.
type openid4vp struct {
	dcql, clientID, responseURI, thumbprint string
}

func (o *openid4vp) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.dcql, "dcql", "", "`FILE` with the dcql_query that the input answers: it is then a vp_token")
	fs.StringVar(&o.clientID, "client-id", "", "`NAME` by which OpenID4VP knows the verifier, with its prefix: the audience")
	fs.StringVar(&o.responseURI, "response-uri", "", "`URL` to which the response was sent; an mdoc is signed over it")
	fs.StringVar(&o.thumbprint, "jwk-thumbprint", "", "`THUMBPRINT` (RFC 7638) of the key that the response was encrypted to;\nan mdoc is signed over it")
}

// ask adds what was asked for to a request. What does not fit together is for the module
// to refuse.
func (o *openid4vp) ask(req *host.Request) error {
	if *o == (openid4vp{}) {
		return nil
	}
	if req.Expect == nil {
		req.Expect = &wire.Expect{}
	}
	x := &wire.OpenID4VP{ClientID: o.clientID, ResponseURI: o.responseURI, JWKThumbprint: o.thumbprint}
	req.Expect.OpenID4VP = x
	if o.dcql == "" {
		return nil
	}
	text, err := readFile(o.dcql, wire.MaxRequest)
	if err != nil {
		return fmt.Errorf("--dcql: %w", err)
	}
	query, err := strictjson.ParseObject(text)
	if err != nil {
		return usagef("--dcql %s: %v", clean(o.dcql, 100), err)
	}
	if inner := query.Object("dcql_query"); inner != nil { // the request that has it
		query = inner
	}
	x.Query = query
	return nil
}
