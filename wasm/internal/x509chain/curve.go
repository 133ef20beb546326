package x509chain

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
)

var (
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	knownCurves    = []asn1.ObjectIdentifier{{1, 3, 132, 0, 33}, {1, 2, 840, 10045, 3, 1, 7}, {1, 3, 132, 0, 34}, {1, 3, 132, 0, 35}} // P-224 to P-521
)

// brainpool is where the curves of RFC 5639 Section 4.1 are; ISO/IEC 18013-5 Table 22 and
// the certificates of its Annex B may use some.
const brainpool = "1.3.36.3.3.2.8.1.1."

// foreignCurve names the curve of a certificate's key where crypto/x509 has not got it,
// which it refuses as if the certificate were malformed; "" for none.
func foreignCurve(der []byte) string {
	var c struct {
		TBS struct {
			Version                   int `asn1:"optional,explicit,default:0,tag:0"`
			Serial                    *big.Int
			Signature                 pkix.AlgorithmIdentifier
			Issuer, Validity, Subject asn1.RawValue
			Key                       struct {
				Algorithm pkix.AlgorithmIdentifier
				Key       asn1.BitString
			}
		}
	}
	if _, err := asn1.Unmarshal(der, &c); err != nil || !c.TBS.Key.Algorithm.Algorithm.Equal(oidECPublicKey) {
		return ""
	}
	var curve asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(c.TBS.Key.Algorithm.Parameters.FullBytes, &curve); err != nil || slices.ContainsFunc(knownCurves, curve.Equal) {
		return ""
	}
	if strings.HasPrefix(curve.String(), brainpool) {
		return curve.String() + " (Brainpool)"
	}
	return curve.String()
}
