package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// feature is something that could be left out of the module: by name, the functions that
// lead to it, each as its package's directory, a dot, and Name or Type.Name.
type feature struct {
	name  string
	entry []string
}

var (
	schemas = []string{"wasm/internal/schema.Check"}
	bbs     = []string{"wasm/internal/di.verifyBBS2023", "wasm/keys.newBLS"}
	sdSuite = []string{"wasm/internal/di.verifyECDSASD2023"}
	rdf     = []string{"wasm/internal/di.VerifyRDF", "wasm/internal/di.JSONLD", "wasm/internal/jsonld.ToRDF", "wasm/internal/jsonld.Expand", "wasm/internal/rdfc.Canonicalize"}
	sdjwt   = []string{"wasm/internal/sdjwt.Parse", "wasm/internal/sdjwt.ParseJSON", "wasm/internal/sdjwt.SDJWT.Bound", "wasm/internal/sdjwt.IsJSON"}
	types   = []string{"wasm/internal/typemeta.Parse", "wasm/internal/typemeta.Check"}
	mdoc    = []string{"wasm/internal/mdoc.Parse", "wasm/internal/mdoc.OpenID4VP", "wasm/internal/mdoc.DigitalCredentials", "wasm/internal/mdoc.Document.VerifyIssuer", "wasm/internal/mdoc.Document.VerifyDevice", "wasm/internal/issuer.InIACA"}
	cose    = []string{"wasm/internal/cose.ParseSign1", "wasm/internal/cose.ParseMac0", "wasm/internal/cose.Decode"}
	typed   = []string{"wasm/internal/eip712.TypedData.Hash", "wasm/internal/eip712.Generate", "wasm/internal/di.verifyEthereumEip712Signature2021"}
	signIn  = []string{"wasm/internal/siwe.Parse", "wasm/internal/siwe.Message.String"}
	query   = []string{"wasm/internal/dcql.Parse", "wasm/internal/dcql.Credential.Match", "wasm/internal/dcql.Query.Unanswered"}
	lists   = []string{"wasm/internal/status.Entry.Read", "wasm/internal/status.Entry.Check", "wasm/internal/status.OpenToken", "wasm/internal/status.Entry.CheckCards"}
	webvh   = []string{"wasm/internal/did.resolveWebVH"}
	chains  = []string{"wasm/internal/x509chain.Parse", "wasm/internal/x509chain.FromX5C", "wasm/internal/x509chain.FromFile", "wasm/internal/x509chain.ParseCRL", "wasm/internal/x509chain.Chain.Verify"}
	k256    = []string{"wasm/keys.newSecp256k1", "wasm/keys.expandSecp256k1", "wasm/keys.secp256k1Key.verify", "wasm/keys.verifyAccount"}
	govern  = []string{"wasm/internal/registry.OpenGoverned"}
)

var features = []feature{
	{"SD-JWT and SD-JWT VC", sdjwt},
	{"type metadata of SD-JWT VC", types},
	{"mdoc", mdoc},
	{"mdoc and COSE", slices.Concat(mdoc, cose)},
	{"OpenID4VP's query language", query},
	{"EIP-712", typed},
	{"sign-in with Ethereum", signIn},
	{"secp256k1, and all that Ethereum is", slices.Concat(k256, typed, signIn)},
	{"bbs-2023", bbs},
	{"ecdsa-sd-2023", sdSuite},
	{"JSON-LD, RDFC-1.0 and every suite over RDF", slices.Concat(rdf, bbs, sdSuite)},
	{"status lists", lists},
	{"JSON Schema", schemas},
	{"X.509 chains", chains},
	{"did:webvh", webvh},
	{"governed registries", govern},
}

// leaveOut returns the files beneath root that have the feature's functions, each of which now
// begins with a panic.
func (f feature) leaveOut(root string) (map[string][]byte, error) {
	replaced := map[string][]byte{}
	for _, entry := range f.entry {
		parent, last := filepath.Split(entry)
		base, name, _ := strings.Cut(last, ".")
		dir := parent + base
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			return nil, err
		}
		found := false
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text := replaced[file]
			if text == nil {
				if text, err = os.ReadFile(file); err != nil {
					return nil, err
				}
			}
			if text, ok, err := stub(text, name); err != nil {
				return nil, err
			} else if ok {
				replaced[file], found = text, true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no function %s: the list in sizes is out of date", entry)
		}
	}
	return replaced, nil
}

// stub puts a panic at the start of the function, or method, of that name.
func stub(text []byte, name string) ([]byte, bool, error) {
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, false, err
	}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || nameOf(fn) != name {
			continue
		}
		at := positions.Position(fn.Body.Lbrace).Offset + 1
		return slices.Concat(text[:at], []byte(` panic("left out");`), text[at:]), true, nil
	}
	return text, false, nil
}

// nameOf is Name, or Type.Name for a method.
func nameOf(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + fn.Name.Name
	}
	return ""
}
