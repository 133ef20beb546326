package bbs

// What the draft prints on the way to a signature, for comparison with its vectors.

// P1 returns the ciphersuite's fixed point, compressed.
func P1() []byte { return appendPoint(nil, &p1) }

// Generators returns the first generators, compressed: Q_1, then one for each message.
func Generators(count int) ([][]byte, error) {
	points, err := generators(count)
	if err != nil {
		return nil, err
	}
	list := make([][]byte, count)
	for i := range points {
		list[i] = appendPoint(nil, &points[i])
	}
	return list, nil
}

// Scalar returns what stands for a message in the arithmetic.
func Scalar(message []byte) ([]byte, error) {
	s, err := toScalar(message)
	if err != nil {
		return nil, err
	}
	return appendScalar(nil, &s), nil
}

// HashToScalar is Section 4.2.2, under any domain separation tag.
func HashToScalar(message []byte, dst string) ([]byte, error) {
	s, err := hashToScalar(message, dst)
	if err != nil {
		return nil, err
	}
	return appendScalar(nil, &s), nil
}
