package eip712

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// mail is the example of EIP-712, whose text gives the hashes that it has.
const mail = `{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],
"Person":[{"name":"name","type":"string"},{"name":"wallet","type":"address"}],
"Mail":[{"name":"from","type":"Person"},{"name":"to","type":"Person"},{"name":"contents","type":"string"}]},
"primaryType":"Mail",
"domain":{"name":"Ether Mail","version":"1","chainId":1,"verifyingContract":"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},
"message":{"from":{"name":"Cow","wallet":"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},"to":{"name":"Bob","wallet":"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},"contents":"Hello, Bob!"}}`

const mailHash = "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"

func parse(t testing.TB, text string) strictjson.Object {
	t.Helper()
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func data(o strictjson.Object) TypedData {
	return TypedData{Types: o.Object("types"), Primary: o.String("primaryType"), Domain: o.Object("domain"), Message: o.Object("message")}
}

func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err == nil:
	case !errors.As(err, &e):
		t.Errorf("%v, want %q", err, want)
	case e.Reason != want || e.Detail == "":
		t.Errorf("%v, want %q", err, want)
	}
}

func field(name, typ string) strictjson.Object { return strictjson.Object{"name": name, "type": typ} }

func TestHash(t *testing.T) {
	add := func(o strictjson.Object, typ, name string, v any) {
		o["types"].(strictjson.Object)["Mail"] = append(o.Object("types").Array("Mail"), field(name, typ))
		o.Object("message")[name] = v
	}
	with := func(typ string, v any) func(strictjson.Object) {
		return func(o strictjson.Object) { add(o, typ, "x", v) }
	}
	domain := func(name string, v any) func(strictjson.Object) {
		return func(o strictjson.Object) { o.Object("domain")[name] = v }
	}
	types := func(name string, fields ...any) func(strictjson.Object) {
		return func(o strictjson.Object) { o.Object("types")[name] = fields }
	}
	n := func(s string) strictjson.Number { return strictjson.Number(s) }
	used := func(name string) func(strictjson.Object) {
		return func(o strictjson.Object) {
			types(name, field("a", "bool"))(o)
			add(o, name, "x", strictjson.Object{"a": true})
		}
	}
	members := func(n int) func(strictjson.Object) {
		return func(o strictjson.Object) {
			var fields []any
			value := strictjson.Object{}
			for i := range n {
				name := fmt.Sprintf("m%d", i)
				fields, value[name] = append(fields, field(name, "bool")), true
			}
			types("Many", fields...)(o)
			add(o, "Many", "x", value)
		}
	}
	for _, tt := range []struct {
		name string
		edit func(o strictjson.Object)
		want Reason
	}{
		{"the example", func(strictjson.Object) {}, ""},
		{"a member that is not signed", func(o strictjson.Object) { o.Object("message")["bcc"] = "Eve" }, UnsignedMember},
		{"one that is not signed within", func(o strictjson.Object) { o.Object("message").Object("to")["role"] = "x" }, UnsignedMember},
		{"one that is not signed in the domain", domain("salt", "0x00"), MalformedDomain},
		{"a member missing", func(o strictjson.Object) { delete(o.Object("message"), "contents") }, MissingMember},
		{"a struct missing", func(o strictjson.Object) { delete(o.Object("message"), "to") }, MissingMember},
		{"a struct null", func(o strictjson.Object) { o.Object("message")["to"] = nil }, MalformedValue},
		{"a struct a string", func(o strictjson.Object) { o.Object("message")["to"] = "Bob" }, MalformedValue},
		{"no message", func(o strictjson.Object) { delete(o, "message") }, MissingMember},
		{"a string a number", func(o strictjson.Object) { o.Object("message")["contents"] = n("1") }, MalformedValue},
		{"no domain", func(o strictjson.Object) { delete(o, "domain") }, MalformedDomain},
		{"the domain's member missing", func(o strictjson.Object) { delete(o.Object("domain"), "chainId") }, MalformedDomain},
		{"no type of the domain", func(o strictjson.Object) { delete(o.Object("types"), "EIP712Domain") }, MalformedTypes},
		{"a domain of nothing", types("EIP712Domain"), MalformedTypes},
		{"a member that no domain has", types("EIP712Domain", field("nonce", "string")), MalformedTypes},
		{"a domain's member of another type", types("EIP712Domain", field("chainId", "string")), MalformedTypes},
		{"no types", func(o strictjson.Object) { delete(o, "types") }, MalformedTypes},
		{"a type that is not used", types("Other", field("x", "bool")), MalformedTypes},
		{"a type that is not there", types("Person", field("name", "Name")), MalformedTypes},
		{"a member twice", types("Person", field("name", "string"), field("name", "string")), MalformedTypes},
		{"a member of three", types("Person", strictjson.Object{"name": "name", "type": "string", "x": "y"}), MalformedTypes},
		{"a member without a type", types("Person", strictjson.Object{"name": "name"}), MalformedTypes},
		{"a member whose name says more", types("Person", field("name,address wallet", "string")), MalformedTypes},
		{"a member whose name ends the type", types("Person", field("x)Evil(", "string")), MalformedTypes},
		{"a member without a name", types("Person", field("", "string")), MalformedTypes},
		{"a member with a space", types("Person", field("a b", "string")), MalformedTypes},
		{"a type's name with a space", types("Per son", field("a", "string")), MalformedTypes},
		{"a type named uint8", types("uint8", field("a", "string")), MalformedTypes},
		{"a type named string", types("string", field("a", "string")), MalformedTypes},
		{"a type named uint8, and used", used("uint8"), MalformedTypes},
		{"a type named string, and used", used("string"), MalformedTypes},
		{"a type named bytes, and used", used("bytes"), MalformedTypes},
		{"a type named with a space, and used", used("Per son"), MalformedTypes},
		{"a type named like any, and used", used("Other"), ""},
		{"as many members as may be", members(maxMembers), ""},
		{"more members than may be", members(maxMembers + 1), MalformedTypes},
		{"members no list", func(o strictjson.Object) { o.Object("types")["Person"] = "x" }, MalformedTypes},
		{"a member no object", types("Person", "name"), MalformedTypes},
		{"a domain within the message", with("EIP712Domain", strictjson.Object{}), MalformedTypes},
		{"the domain as the message", func(o strictjson.Object) { o["primaryType"] = "EIP712Domain" }, MalformedTypes},
		{"another primary type", func(o strictjson.Object) { o["primaryType"] = "Nothing" }, MalformedTypes},
		{"no primary type", func(o strictjson.Object) { delete(o, "primaryType") }, MalformedTypes},
		{"too many types", func(o strictjson.Object) {
			for i := range maxTypes {
				o.Object("types")["T"+strings.Repeat("x", i)] = []any{}
			}
		}, TooLarge},
		{"a type too long", func(o strictjson.Object) {
			for i := range 40 {
				add(o, "string", strings.Repeat("x", maxName-40+i), "x")
			}
		}, TooLarge},

		{"bool", with("bool", true), ""},
		{"bool a number", with("bool", n("1")), MalformedValue},
		{"bool a string", with("bool", "true"), MalformedValue},
		{"address in lower case", with("address", "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826"), ""},
		{"address with a wrong checksum", with("address", "0xcD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"), MalformedValue},
		{"address too short", with("address", "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd8"), MalformedValue},
		{"bytes", with("bytes", "0x"), ""},
		{"bytes of half an octet", with("bytes", "0x0"), MalformedValue},
		{"bytes without 0x", with("bytes", "00"), MalformedValue},
		{"bytes4", with("bytes4", "0x01020304"), ""},
		{"bytes4 too short", with("bytes4", "0x010203"), MalformedValue},
		{"bytes4 too long", with("bytes4", "0x0102030405"), MalformedValue},
		{"bytes0", with("bytes0", "0x"), MalformedTypes},
		{"bytes33", with("bytes33", "0x"), MalformedTypes},
		{"bytes04", with("bytes04", "0x01020304"), MalformedTypes},
		{"uint, an alias that there is not", with("uint", n("1")), MalformedTypes},
		{"int, an alias that there is not", with("int", n("1")), MalformedTypes},
		{"uint7", with("uint7", n("1")), MalformedTypes},
		{"uint264", with("uint264", n("1")), MalformedTypes},
		{"uint8", with("uint8", n("255")), ""},
		{"uint8 too large", with("uint8", n("256")), MalformedValue},
		{"uint8 negative", with("uint8", n("-1")), MalformedValue},
		{"uint8 minus nothing", with("int8", n("-0")), MalformedValue},
		{"uint8 of a fraction", with("uint8", n("1.0")), MalformedValue},
		{"uint8 of an exponent", with("uint8", n("1e1")), MalformedValue},
		{"uint256 as text", with("uint256", "115792089237316195423570985008687907853269984665640564039457584007913129639935"), ""},
		{"uint256 too large", with("uint256", "115792089237316195423570985008687907853269984665640564039457584007913129639936"), MalformedValue},
		{"uint256 in hexadecimal", with("uint256", "0xfF"), ""},
		{"uint256 empty", with("uint256", ""), MalformedValue},
		{"uint256 of 0x", with("uint256", "0x"), MalformedValue},
		{"uint256 with a zero before", with("uint256", "01"), MalformedValue},
		{"uint256 with an underscore", with("uint256", "1_0"), MalformedValue},
		{"uint256 with a plus", with("uint256", "+1"), MalformedValue},
		{"uint256 true", with("uint256", true), MalformedValue},
		{"int8 lowest", with("int8", n("-128")), ""},
		{"int8 too low", with("int8", n("-129")), MalformedValue},
		{"int8 too high", with("int8", n("128")), MalformedValue},
		{"array", with("string[]", []any{"a", "b"}), ""},
		{"array empty", with("Person[]", []any{}), ""},
		{"array of arrays", with("uint8[2][]", []any{[]any{n("1"), n("2")}}), ""},
		{"array of another size", with("uint8[2]", []any{n("1")}), MalformedValue},
		{"array of size 0", with("uint8[0]", []any{}), MalformedTypes},
		{"array of size 02", with("uint8[02]", []any{n("1"), n("2")}), MalformedTypes},
		{"array with a hole", with("uint8[2", []any{}), MalformedTypes},
		{"array of nothing", with("[]", []any{}), MalformedTypes},
		{"array too deep", with("bool"+strings.Repeat("[]", maxNesting+1), []any{}), MalformedTypes},
		{"array a string", with("string[]", "a"), MalformedValue},
		{"array of another type", with("string[]", []any{n("1")}), MalformedValue},
		{"a type of itself", func(o strictjson.Object) {
			o.Object("types")["Person"] = []any{field("name", "string"), field("wallet", "address"), field("friends", "Person[]")}
			o.Object("message").Object("from")["friends"] = []any{strictjson.Object{"name": "x", "wallet": "0x" + strings.Repeat("0", 40), "friends": []any{}}}
			o.Object("message").Object("to")["friends"] = []any{}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, mail)
			tt.edit(o)
			h, err := data(o).Hash()
			wantReason(t, err, tt.want)
			if got := hex.EncodeToString(h[:]); err == nil && (got == mailHash) != (tt.name == "the example") {
				t.Errorf("hash %s", got)
			}
		})
	}
}

// Parts of the example whose values EIP-712 gives.
func TestExample(t *testing.T) {
	o := parse(t, mail)
	s, err := readTypes(o.Object("types"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ got, want string }{
		{strings.Join([]string{s.own["Mail"], s.own["Person"]}, ""), "Mail(Person from,Person to,string contents)Person(string name,address wallet)"},
		{word(s.typeHash("Mail")), "a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2"},
		{hashed(s.hashStruct("Mail", o.Object("message"), "")), "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"},
		{hashed(s.hashStruct(domainType, o.Object("domain"), "")), "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s, want %s", tt.got, tt.want)
		}
	}
}

// The types generation of Ethereum EIP712 Signature 2021, its example first.
func TestGenerate(t *testing.T) {
	const example = `{"@context":["https://schema.org","https://w3id.org/security/v2"],"@type":"Person","name":{"first":"Jane","last":"Doe"},
		"otherData":{"jobTitle":"Professor","school":"University of ExampleLand"},"telephone":"(425) 123-4567","email":"jane.doe@example.com"}`
	const generated = `{"Document":[{"name":"@context","type":"string[]"},{"name":"@type","type":"string"},{"name":"email","type":"string"},{"name":"name","type":"Name"},` +
		`{"name":"otherData","type":"OtherData"},{"name":"telephone","type":"string"}],"EIP712Domain":[{"name":"name","type":"string"}],` +
		`"Name":[{"name":"first","type":"string"},{"name":"last","type":"string"}],"OtherData":[{"name":"jobTitle","type":"string"},{"name":"school","type":"string"}]}`
	of := func(fields string) string {
		return `{"A":[` + fields + `],"EIP712Domain":[{"name":"name","type":"string"}]}`
	}
	for _, tt := range []struct {
		name, primary, message string
		want                   string // "" means none
	}{
		{"the text's example", "Document", example, generated},
		{"primitives", "A", `{"b":true,"n":5,"s":"x"}`, of(`{"name":"b","type":"bool"},{"name":"n","type":"uint256"},{"name":"s","type":"string"}`)},
		{"arrays of them", "A", `{"b":[true,false],"n":[1,2]}`, of(`{"name":"b","type":"bool[]"},{"name":"n","type":"uint256[]"}`)},
		{"an array of two types", "A", `{"a":[1,"x"]}`, ""},
		{"an empty array", "A", `{"a":[]}`, ""},
		{"an array of structs", "A", `{"a":[{"b":1}]}`, ""},
		{"an array of arrays", "A", `{"a":[[1]]}`, ""},
		{"null", "A", `{"a":null}`, ""},
		{"one name for two structs", "A", `{"x":{"b":{"c":1}},"b":{"d":1}}`, ""},
		{"a struct of the message's name", "A", `{"a":{"b":1}}`, ""},
		{"a fault within", "A", `{"x":{"b":null}}`, ""},
		{"no name", "", `{"b":true}`, ""},
		{"no name of a type", "a b", `{"b":true}`, ""},
		{"the domain's name", domainType, `{"b":true}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			types, err := Generate(TypedData{Primary: tt.primary, Domain: strictjson.Object{"name": "x"}, Message: parse(t, tt.message)})
			if got := string(strictjson.Encode(types)); err == nil && got != tt.want || err != nil && tt.want != "" {
				t.Fatalf("%s, %v, want %s", got, err, tt.want)
			}
			if err != nil {
				wantReason(t, err, MalformedTypes)
			}
		})
	}
}

func word(h [32]byte) string { return hex.EncodeToString(h[:]) }

func hashed(h [32]byte, err *Error) string {
	if err != nil {
		return err.Error()
	}
	return word(h)
}

// The signed form of a number is two's complement over 256 bits, and its spelling does
// not matter.
func TestEncodeInteger(t *testing.T) {
	for _, tt := range []struct {
		v      any
		signed bool
		want   string
	}{
		{strictjson.Number("-1"), true, strings.Repeat("f", 64)},
		{"-1", true, strings.Repeat("f", 64)},
		{"255", false, strings.Repeat("0", 62) + "ff"},
		{"0xff", false, strings.Repeat("0", 62) + "ff"},
		{strictjson.Number("255"), false, strings.Repeat("0", 62) + "ff"},
		{"-128", true, strings.Repeat("f", 62) + "80"},
	} {
		if got := hashed(encodeInteger(tt.v, 256, tt.signed, "", "")); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.v, got, tt.want)
		}
	}
}

// The length is that of the octets: a letter may have several.
func TestPersonalMessage(t *testing.T) {
	for text, want := range map[string]string{
		"hello world": "d9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68",
		"":            "5f35dce98ba4fba25530a026ed80b2cecdaa31091ba4958b99b52ea1d068adad",
	} {
		if got := word(PersonalMessage([]byte(text))); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if PersonalMessage([]byte("é")) == PersonalMessage([]byte("e")) {
		t.Error("one hash for two messages")
	}
}

// The hash depends on what the typed data says and on nothing else: not on the order in
// which JSON has it, nor on how its numbers are spelled; and another text has another hash.
func FuzzHash(f *testing.F) {
	f.Add(mail, "x")
	f.Add(`{"types":{"EIP712Domain":[{"name":"name","type":"string"}],"A":[{"name":"a","type":"A[]"},{"name":"n","type":"int16[2]"}]},"primaryType":"A","domain":{"name":"é"},"message":{"a":[{"a":[],"n":[0,-1]}],"n":["0x1",2]}}`, "")
	f.Add(`{"types":{"EIP712Domain":[{"name":"salt","type":"bytes32"}],"A":[]},"primaryType":"A","domain":{"salt":"0x0000000000000000000000000000000000000000000000000000000000000000"},"message":{}}`, "y")
	f.Fuzz(func(t *testing.T, text, more string) {
		o, err := strictjson.ParseObject([]byte(text))
		if err != nil {
			return
		}
		h, err := data(o).Hash()
		if err != nil {
			return
		}
		again, err := strictjson.ParseObject(strictjson.Encode(o))
		if err != nil {
			return // a number that RFC 8785 cannot write
		}
		if h2, err := data(again).Hash(); err != nil || h2 != h {
			t.Errorf("in canonical form %x (%v), before %x", h2, err, h)
		}
		if !o.Object("message").Has(more) {
			o.Object("message")[more] = more
			if _, err := data(o).Hash(); err == nil {
				t.Errorf("a member %q of no type", more)
			}
		}
		d := data(again)
		d.Domain = nil
		if h2, err := d.Hash(); err == nil && h2 == h {
			t.Error("the domain changes nothing")
		}
	})
}
