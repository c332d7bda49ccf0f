package leak

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
)

// simulation is a service whose live heap is read after forced collections while it
// is loaded: a model independent of the recordings, for error rates that they are
// too few for.
type simulation struct {
	rng     *rand.Rand
	seconds float64
	rate    float64 // requests per second on average
	load    string  // const, sine, burst
	kind    string
	leak    float64 // bytes per request
}

// run is the evidence of the whole simulated run.
func (s simulation) run() Evidence {
	const step = 0.1 // seconds
	phase := s.rng.Float64() * 2 * math.Pi
	period := s.seconds * (0.15 + 0.6*s.rng.Float64())
	base := math.Exp2(1+6*s.rng.Float64()) * mib
	retained := s.retains(base)
	noise := 20_000 + 100_000*s.rng.Float64()
	flight := 500_000 * s.rng.Float64() * s.rng.Float64()
	drift, ar := 0.0, 0.0
	total := s.rate * s.seconds
	every := math.Max(1, s.seconds/60)
	var e Evidence
	requests, probed := 0.0, 0.0
	var history []float64
	for t := step; t <= s.seconds; t += step {
		rate := s.rate * s.factor(t, phase, period)
		requests += rate * step * (1 + 0.1*s.rng.NormFloat64())
		history = append(history, requests)
		drift += 200_000 / math.Sqrt(s.seconds/step) * s.rng.NormFloat64() * 0.5
		ar = 0.9*ar + 0.3*noise*s.rng.NormFloat64()
		at := time.Duration(t * float64(time.Second))
		e.Samples = append(e.Samples, profile.Sample{At: at, Requests: uint64(requests), Memory: profile.Memory{Missing: profile.AllFieldsExcept()}})
		if t-probed < every {
			continue
		}
		probed = t
		live := base + retained(t, requests, total, history) + s.leaked(requests, total) + drift + ar +
			noise/3*s.rng.NormFloat64() + flight*s.rng.ExpFloat64()*rate/s.rate
		e.LiveHeaps = append(e.LiveHeaps, profile.LiveHeap{At: at, Requests: uint64(requests), HeapAlloc: uint64(math.Max(live, 0))})
	}
	return e
}

func (s simulation) factor(t, phase, period float64) float64 {
	switch s.load {
	case "sine":
		return 1 + 0.7*math.Sin(2*math.Pi*t/period+phase)
	case "burst":
		if math.Sin(2*math.Pi*t/period+phase) > 0.3 {
			return 2
		}
		return 0.4
	}
	return 1
}

// retains is what a healthy service of that kind keeps.
func (s simulation) retains(base float64) func(t, requests, total float64, history []float64) float64 {
	size := base * (0.2 + 2*s.rng.Float64())
	end := 0.05 + 0.4*s.rng.Float64() // share of the run in which it happens
	item := size / (end * s.rate * s.seconds)
	kept := int((0.03 + 0.2*s.rng.Float64()) * s.seconds * 10)
	return func(_, requests, total float64, history []float64) float64 {
		x := requests / total
		switch s.kind {
		case "fill", "fill+leak":
			return size * math.Min(1, x/end)
		case "warm-up":
			return size * (1 - math.Exp(-x/(end/4)))
		case "step":
			if x > end {
				return size
			}
		case "ttl":
			return item * (requests - history[max(0, len(history)-1-kept)])
		case "swing", "swing+leak":
			return size / 4 * (1 + math.Sin(2*math.Pi*x/(0.3+end)))
		case "log":
			return size * math.Log1p(x*50) / math.Log1p(50)
		}
		return 0
	}
}

// leaked is what a service of that kind has leaked.
func (s simulation) leaked(requests, total float64) float64 {
	x := requests / total
	switch s.kind {
	case "late":
		return s.leak * math.Max(0, requests-0.4*total)
	case "chunks": // a slice that grows by a quarter
		slots := 64.0
		for slots < requests {
			slots *= 1.25
		}
		return s.leak*0.8*requests + s.leak*0.2*slots
	case "map":
		return s.leak * math.Exp2(math.Ceil(math.Log2(math.Max(requests, 1))))
	case "equal steps":
		return s.leak * total * math.Floor(x*9) / 9
	}
	return s.leak * requests
}

// TestExtensionDecides looks at healthy services under constant load, whose transients
// end within the first look, and again after as much time where that is inconclusive.
func TestExtensionDecides(t *testing.T) {
	var first, second tally
	for _, kind := range []string{"flat", "fill", "warm-up", "step", "ttl"} {
		for seed := range uint64(80) {
			s := simulated(seed, kind, 0)
			s.seconds *= 2
			whole := s.run()
			v := Detect(upTo(whole, whole.length()/2)).Verdict
			first[v]++
			if v == Inconclusive {
				v = Detect(whole).Verdict
			}
			second[v]++
		}
	}
	t.Logf("first look:  %v", first)
	t.Logf("second look: %v", second)
	assert.LessOrEqual(t, second.share(Leaking), 0.003)
	assert.LessOrEqual(t, second.share(Inconclusive), 0.02)
}

// TestVaryingLoad looks at healthy services whose load goes up and down.
func TestVaryingLoad(t *testing.T) {
	var c tally
	for _, kind := range []string{"flat", "fill", "warm-up", "step", "ttl"} {
		for seed := range uint64(80) {
			s := simulated(seed, kind, 0)
			s.load = []string{"sine", "burst"}[seed%2]
			c[Detect(s.run()).Verdict]++
		}
	}
	t.Log(c)
	assert.LessOrEqual(t, c.share(Leaking), 0.005)
	assert.LessOrEqual(t, c.share(Inconclusive), 0.12)
}

// TestSimulatedLeaks looks at leaks of 1 to 32 MiB a run under constant load.
func TestSimulatedLeaks(t *testing.T) {
	for _, bar := range []struct {
		kind    string
		leaking float64 // share, at least
		above   int     // called steady although they leak more than the bound, at most
	}{
		{"constant", 0.80, 1}, {"chunks", 0.80, 2}, {"late", 0.90, 1}, {"equal steps", 0.70, 1}, {"fill+leak", 0.60, 2},
		{"swing+leak", 0, 10}, {"map", 0, 5}, // for want of an end that can be seen
	} {
		var c tally
		above := 0
		for seed := range uint64(100) {
			s := simulated(seed, bar.kind, 5)
			trend := Detect(s.run())
			c[trend.Verdict]++
			if trend.Verdict == Steady && s.leak > trend.Bound {
				above++
			}
		}
		t.Logf("%-12s %v, %d of these above their bound", bar.kind, c, above)
		assert.GreaterOrEqual(t, c.share(Leaking), bar.leaking, bar.kind)
		assert.LessOrEqual(t, above, bar.above, bar.kind)
	}
}

// simulated is a simulation of that seed and kind under constant load; it leaks from
// 1 MiB to 2^octaves MiB, nothing where octaves is 0.
func simulated(seed uint64, kind string, octaves float64) simulation {
	rng := rand.New(rand.NewPCG(seed, 7))
	s := simulation{rng: rng, kind: kind, load: "const"}
	s.seconds = []float64{20, 30, 60, 120, 300}[rng.IntN(5)]
	s.rate = []float64{50, 200, 1000}[rng.IntN(3)]
	if octaves > 0 {
		s.leak = math.Exp2(octaves*rng.Float64()) * mib / (s.seconds * s.rate)
	}
	return s
}

// upTo is the evidence as it stood so long after its first sample.
func upTo(e Evidence, length time.Duration) Evidence {
	end := e.Samples[0].At + length
	for i, s := range e.Samples {
		if s.At > end {
			e.Samples = e.Samples[:i]
			break
		}
	}
	for i, f := range e.LiveHeaps {
		if f.At > end {
			e.LiveHeaps = e.LiveHeaps[:i]
			break
		}
	}
	for i, p := range e.Polls {
		if p.At > end {
			e.Polls = e.Polls[:i]
			break
		}
	}
	return e
}
