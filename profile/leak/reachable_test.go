package leak

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

// undecided is a run of a minute and a half at 200 requests per second, after 600
// requests of warm-up, whose live heap grows by so many bytes with each request below
// what requests in flight hold, which is so much that its curves do not decide.
func undecided(t *testing.T, perRequest float64) Evidence {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	e := Evidence{RestBefore: profile.LiveHeap{HeapAlloc: 4 * mib, HeapObjects: 10_000}}
	for s := range 901 {
		at := 3*time.Second + time.Duration(s)*100*time.Millisecond
		requests := uint64(600 + 20*s)
		e.Samples = append(e.Samples, profile.Sample{At: at, Requests: requests, Memory: profile.Memory{Missing: profile.AllFieldsExcept()}})
		if s%10 == 0 {
			live := 4*mib + perRequest*float64(requests-600) + 30*mib*rng.Float64()
			e.LiveHeaps = append(e.LiveHeaps, profile.LiveHeap{At: at, Requests: requests, HeapAlloc: uint64(live), HeapObjects: 10_000 + rng.Uint64N(40_000)})
		}
	}
	e.Rest = e.RestBefore
	e.Rest.HeapAlloc += uint64(18_000 * perRequest)
	require.Equal(t, Inconclusive, Detect(e).Verdict, "the curves alone do not decide")
	return e
}

// readings are three parts of 6,000, 4,000 and 8,000 requests at 200 in a second, with so
// many bytes and objects that grew in each.
func readings(grown, objects [3]uint64) []profile.Reachable {
	all := []profile.Reachable{{At: 3 * time.Second, Requests: 600, Bytes: 4 * mib, Objects: 10_000}}
	for i, requests := range []uint64{6000, 4000, 8000} {
		before := all[i]
		all = append(all, profile.Reachable{
			At: before.At + time.Duration(requests/200)*time.Second, Requests: before.Requests + requests,
			Bytes: before.Bytes + grown[i], Objects: before.Objects + objects[i], Grown: grown[i], GrownObjects: objects[i],
		})
	}
	return all
}

func TestReachableDecides(t *testing.T) {
	even, one := [3]uint64{24 * 6000, 24 * 4000, 24 * 8000}, [3]uint64{6000, 4000, 8000}
	holding := func(counts ...uint64) Retainer {
		return Retainer{Name: "field main.log.lines", Share: 0.9, Bytes: 400_000, Counts: counts}
	}
	leak := holding(600, 6600, 10_600, 18_600)
	for _, tt := range []struct {
		name           string
		grown, objects [3]uint64
		held           Retainer
		change         func(e *Evidence)
		want           Verdict
		why            string
	}{
		{"one more element per request", even, one, leak, nil, Leaking,
			"decided by the heap walk: field main.log.lines gains 1.00 elements per request (600 → 6,600 → 10,600 → 18,600)"},
		{"one in four, by chance", even, one, holding(150, 1650, 2630, 4640), nil, Leaking, "gains 0.25 elements"},
		{"in one part alone", even, one, holding(600, 6600, 6600, 6600), nil, Inconclusive, ""},
		{"a cache that is full at nine tenths", even, one, holding(600, 6600, 10_600, 16_800), nil, Inconclusive, ""},
		{"a set of users that fills up", even, one, holding(580, 5200, 7400, 10_500), nil, Inconclusive, ""},
		{"a map that is cleared", even, one, holding(600, 6600, 10_600, 3000), nil, Inconclusive, ""},
		{"ever faster", even, one, holding(600, 1600, 5600, 18_600), nil, Inconclusive, ""},
		{"too seldom", even, one, holding(6, 206, 340, 606), nil, Inconclusive, ""},
		{"two readings", even, one, leak, func(e *Evidence) {
			e.Reachable = []profile.Reachable{e.Reachable[0], e.Reachable[3]}
			e.Retainers[0].Counts = []uint64{600, 18_600}
		}, Inconclusive, ""},
		{"less than a minute", even, one, leak, func(e *Evidence) { e.Reachable[0].At += 32 * time.Second; e.Reachable[1].At += 20 * time.Second }, Inconclusive, ""},
		{"too few bytes", even, one, leak, func(e *Evidence) { e.Retainers[0].Bytes = 60_000 }, Inconclusive, ""},
		{"a small part of the growth", even, one, leak, func(e *Evidence) { e.Retainers[0].Share = 0.2 }, Inconclusive, ""},
		{"the second of two holders", even, one, holding(600, 6600, 6600, 6600), func(e *Evidence) { e.Retainers = append(e.Retainers, leak) }, Leaking, "600 → 6,600"},
		{"within what is allowed", even, one, leak, func(e *Evidence) { e.Allowed = 24.5 }, Inconclusive, "24.5 B would do"},
		{"a count for a reading is missing", even, one, holding(600, 6600, 18_600), nil, Inconclusive, ""},
		{"read before the load's end", even, one, leak, func(e *Evidence) { e.Reachable[3].Requests -= 100 }, Inconclusive, ""},
		{"nobody is named", even, one, Retainer{}, nil, Inconclusive, ""},

		{"nothing grows", [3]uint64{2000, 1000, 3000}, [3]uint64{10, 5, 20}, Retainer{}, nil, Steady,
			"decided by the heap walk: what is reachable at rest does not grow (4.0 → 4.0 → 4.0 → 4.0 MiB)"},
		{"what grew has ended", [3]uint64{600_000, 1000, 3000}, [3]uint64{6000, 5, 20}, Retainer{}, nil, Steady, "at rest does not grow"},
		{"parts of equal length, as a sweep may be", even, one, holding(600, 6600, 12_600, 18_600), func(e *Evidence) { e.Reachable[2].Requests += 2000 }, Inconclusive, ""},
		{"what grew has ended too late", [3]uint64{600_000, 600_000, 600_000}, [3]uint64{6000, 6000, 8000}, Retainer{}, nil, Inconclusive, ""},
		{"few bytes in many objects", [3]uint64{2000, 1000, 3000}, [3]uint64{400, 400, 400}, Retainer{}, nil, Inconclusive, ""},
		{"many bytes in few objects", [3]uint64{400_000, 400_000, 400_000}, [3]uint64{1, 1, 1}, Retainer{}, nil, Inconclusive, ""},
		{"the heap grew, and what is reachable did not", [3]uint64{2000, 1000, 3000}, [3]uint64{10, 5, 20}, Retainer{}, func(e *Evidence) { e.Rest.HeapAlloc += 3 * mib }, Inconclusive, ""},
		{"the load was interrupted", [3]uint64{2000, 1000, 3000}, [3]uint64{10, 5, 20}, leak, func(e *Evidence) { e.Broken = []string{"it was restarted"} }, Inconclusive, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := undecided(t, float64(tt.grown[0]+tt.grown[1]+tt.grown[2])/18_000)
			e.Reachable = readings(tt.grown, tt.objects)
			if tt.held.Name != "" {
				e.Retainers = []Retainer{tt.held}
			}
			if tt.change != nil {
				tt.change(&e)
			}
			got := Detect(e)
			assert.Equal(t, tt.want, got.Verdict, got.Reason)
			assert.Contains(t, got.Reason, tt.why)
			switch got.Verdict {
			case Leaking:
				assert.Equal(t, ReachableHeap, got.Signal)
				assert.InDelta(t, 24, got.PerRequest.Value, 1)
				assert.False(t, got.PerRequest.Interval())
			case Steady:
				assert.Less(t, got.Bound, 170.0)
			}
		})
	}
}

// TestReachableDecidesNothingThatCurvesDecide: neither verdict is changed.
func TestReachableDecidesNothingThatCurvesDecide(t *testing.T) {
	e := undecided(t, 0)
	e.LiveHeaps = nil
	for i := range e.Samples {
		if i%10 == 0 {
			e.LiveHeaps = append(e.LiveHeaps, profile.LiveHeap{At: e.Samples[i].At, Requests: e.Samples[i].Requests, HeapAlloc: 4 * mib, HeapObjects: 10_000})
		}
	}
	require.Equal(t, Steady, Detect(e).Verdict)
	e.Reachable = readings([3]uint64{24 * 6000, 24 * 4000, 24 * 8000}, [3]uint64{6000, 4000, 8000})
	e.Retainers = []Retainer{{Name: "main.x", Share: 1, Bytes: 400_000, Counts: []uint64{600, 6600, 10_600, 18_600}}}
	assert.Equal(t, Steady, Detect(e).Verdict)
}

// TestReachableSimulated looks at the counts of healthy and leaking services at the
// moments of readings: none that is healthy within the run may be called a leak.
func TestReachableSimulated(t *testing.T) {
	for _, tt := range []struct {
		kind    string
		count   func(rng *rand.Rand) func(requests float64) float64
		leaking bool
	}{
		{"cache that fills in the run", filling, false},
		{"set of users", distinct, false},
		{"expiry", expiring, false},
		{"swept map", sweeping, false},
		{"ever slower", slowing, false},
		{"leak, one each", func(*rand.Rand) func(float64) float64 { return func(x float64) float64 { return x } }, true},
		{"leak, some by chance", chance, true},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			const runs = 2000
			leaking := 0
			for seed := range uint64(runs) {
				rng := rand.New(rand.NewPCG(seed, 9))
				count := tt.count(rng)
				l := look{Evidence: Evidence{}}
				h := Retainer{Name: "main.x", Share: 1, Bytes: 1 << 20}
				at := 100 + rng.Float64()*3000
				parts := 2 + rng.IntN(2)
				size := 3000 + rng.Float64()*20_000
				total := at + float64(parts)*size
				for i, x := range []float64{0, 1, 1.38, 2, 2.38, 3}[:2*parts] {
					x = at + x*size
					l.Reachable = append(l.Reachable, profile.Reachable{At: time.Duration(i) * 40 * time.Second, Requests: uint64(x)})
					h.Counts = append(h.Counts, uint64(count(x/total)*total))
				}
				if l.evenly(h) {
					leaking++
				}
			}
			t.Logf("%s: %d of %d called leaking", tt.kind, leaking, runs)
			if tt.leaking {
				assert.Greater(t, leaking, runs*8/10)
			} else {
				assert.Zero(t, leaking)
			}
		})
	}
}

// The services count elements per request of the run at a share of the run.

func filling(rng *rand.Rand) func(float64) float64 {
	full := 0.05 + 0.87*rng.Float64()
	return func(x float64) float64 { return min(x, full) }
}

func distinct(rng *rand.Rand) func(float64) float64 {
	users := 0.01 * math.Pow(1000, rng.Float64()) // 10 for each request of the run at most
	return func(x float64) float64 { return users * (1 - math.Exp(-x/users)) }
}

func expiring(rng *rand.Rand) func(float64) float64 {
	kept := 0.02 + 0.6*rng.Float64()
	return func(x float64) float64 { return min(x, kept) }
}

func sweeping(rng *rand.Rand) func(float64) float64 {
	period := 0.05 + 0.9*rng.Float64()
	return func(x float64) float64 { return math.Mod(x, period) }
}

func slowing(rng *rand.Rand) func(float64) float64 {
	scale := 5 + 100*rng.Float64()
	return func(x float64) float64 { return math.Log1p(x*scale) / scale }
}

func chance(rng *rand.Rand) func(float64) float64 {
	rate := 0.1 + 0.9*rng.Float64()
	last, sum := 0.0, 0.0
	return func(x float64) float64 {
		const requests = 20_000 // of the run, about
		sum += (x-last)*rate + rng.NormFloat64()*math.Sqrt((x-last)*rate*(1-rate)/requests)
		last = x
		return sum
	}
}

func FuzzReachable(f *testing.F) {
	f.Add(uint64(1), 3, uint64(600), int64(1<<40))
	f.Fuzz(func(t *testing.T, seed uint64, n int, count uint64, bytes int64) {
		rng := rand.New(rand.NewPCG(seed, 3))
		e := Evidence{}
		for s := range 60 {
			at := time.Duration(s) * time.Second
			e.Samples = append(e.Samples, profile.Sample{At: at, Requests: uint64(100 * s)})
			e.LiveHeaps = append(e.LiveHeaps, profile.LiveHeap{At: at, Requests: uint64(100 * s), HeapAlloc: rng.Uint64N(8 * mib), HeapObjects: 1 + rng.Uint64N(1e5)})
		}
		h := Retainer{Name: "x", Share: rng.Float64(), Bytes: bytes}
		for range min(max(n, 0), 50) {
			e.Reachable = append(e.Reachable, profile.Reachable{
				At: time.Duration(rng.Int64()), Requests: rng.Uint64() >> rng.IntN(64), Bytes: rng.Uint64(), Grown: rng.Uint64(), GrownObjects: rng.Uint64(),
			})
			h.Counts = append(h.Counts, count)
			count = rng.Uint64() >> rng.IntN(64)
		}
		e.Retainers = []Retainer{h}
		got := Detect(e)
		assert.False(t, math.IsNaN(got.PerRequest.Value), fmt.Sprint(got))
	})
}
