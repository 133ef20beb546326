package snapshot

import "testing"

func BenchmarkLookup(b *testing.B) {
	const n = 20000
	s, _ := build(b, syntheticRange(0, n))
	for _, bm := range []struct {
		name string
		from int
	}{{"present", 0}, {"absent", n}} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, p, err := s.Entity(synthetic(bm.from + i%n).ID)
				if err != nil || p.Found != (bm.from == 0) {
					b.Fatalf("%+v %v", p, err)
				}
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	const n = 20000
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Build(Source{Name: "Test", Entities: syntheticRange(0, n)}, Store{}.Put, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/entity")
}
