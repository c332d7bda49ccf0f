package leak

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

func heapsGrowing(n int, perRequest float64) []profile.LiveHeap {
	heaps := make([]profile.LiveHeap, n)
	for i := range heaps {
		requests := uint64(i * 200)
		heaps[i] = profile.LiveHeap{At: time.Duration(i) * time.Second, Requests: requests, HeapAlloc: 8<<20 + uint64(float64(requests)*perRequest) + uint64(i%3)*1000}
	}
	return heaps
}

// healthy is a flat run of a minute at 200 requests per second with everything that
// can be sampled; change may change each sample and threshold.
func healthy(change func(requests uint64, s *profile.Sample, f *profile.LiveHeap)) Evidence {
	const target, kernel = 20 << 20, 1 << 20
	e := Evidence{Planned: 200, Window: time.Minute}
	for i := range 600 {
		at, requests := time.Duration(i)*100*time.Millisecond, uint64(i*20)
		s := profile.Sample{At: at, Requests: requests, Memory: profile.Memory{Anon: target, Kernel: kernel}}
		f := profile.LiveHeap{
			At: at, Requests: requests, HeapAlloc: 8<<20 + uint64(i%7)*500, HeapObjects: 90_000 + uint64(i%5),
			StackInuse: 1 << 19, Sys: 24 << 20, HeapReleased: 4 << 20, NextGC: 16 << 20, NumGC: uint64(i),
		}
		change(requests, &s, &f)
		s.Usage = s.Anon + s.Kernel + s.InactiveFile + s.ActiveFile + s.Shmem
		s.WorkingSet = s.Usage - s.InactiveFile
		e.Samples = append(e.Samples, s)
		if i%10 == 9 {
			e.LiveHeaps = append(e.LiveHeaps, f)
		}
	}
	return e
}

func TestWhatIsGivenBackWasNotLeaked(t *testing.T) {
	leak := func(n uint64, s *profile.Sample, f *profile.LiveHeap) {
		f.HeapAlloc, f.HeapObjects, f.Sys, s.Anon = f.HeapAlloc+300*n, f.HeapObjects+n, f.Sys+300*n, s.Anon+300*n
	}
	e := healthy(leak)
	require.Equal(t, Leaking, sound(t, e).Verdict)

	e.Rest = e.LiveHeaps[len(e.LiveHeaps)-1]
	assert.Equal(t, Leaking, sound(t, e).Verdict, "it is still there at rest")

	e.RestBefore, e.Rest = e.LiveHeaps[0], e.LiveHeaps[len(e.LiveHeaps)-1]
	for _, f := range []*profile.LiveHeap{&e.RestBefore, &e.Rest} {
		f.HeapAlloc -= 4 << 20
		f.HeapObjects -= 20_000
	}
	assert.Equal(t, Leaking, sound(t, e).Verdict, "what is held under load was held from the start")

	e.RestBefore = e.LiveHeaps[0]
	got := sound(t, e)
	assert.Equal(t, Inconclusive, got.Verdict)
	assert.Equal(t, "live heap: it grew with the requests, but most of that was given back when the load stopped", got.Reason)
	assert.NotEmpty(t, got.Remedy)
}

func unchanged(uint64, *profile.Sample, *profile.LiveHeap) {}

func TestSignals(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(requests uint64, s *profile.Sample, f *profile.LiveHeap)
		verdict Verdict
		signal  SignalName
		bytes   float64 // per request; 0: not looked at
		cause   string  // of most of the growth
	}{
		{"flat", unchanged, Steady, LiveHeap, 0, ""},
		{"heap", func(n uint64, s *profile.Sample, f *profile.LiveHeap) {
			f.HeapAlloc, f.Sys, s.Anon = f.HeapAlloc+300*n, f.Sys+300*n, s.Anon+300*n
		}, Leaking, LiveHeap, 300, "live heap"},
		{"goroutines' stacks", func(n uint64, s *profile.Sample, f *profile.LiveHeap) {
			f.StackInuse, f.Sys, s.Anon = f.StackInuse+2048*n, f.Sys+2048*n, s.Anon+2048*n
		}, Leaking, LiveHeap, 2048, "stacks"},
		{"mmap", func(n uint64, s *profile.Sample, _ *profile.LiveHeap) { s.Anon += 1024 * n }, Leaking, OffHeap, 1024, "off-heap"},
		{"heap that becomes resident", func(n uint64, s *profile.Sample, f *profile.LiveHeap) {
			f.Sys += 16 << 20
			s.Anon += min(1024*n, 12<<20)
		}, Steady, LiveHeap, 0, ""},
		{"swapped out mmap", func(n uint64, s *profile.Sample, _ *profile.LiveHeap) { s.Swap += 1024 * n }, Leaking, OffHeap, 1024, "off-heap"},
		{"drift of bytes", func(n uint64, s *profile.Sample, f *profile.LiveHeap) {
			f.HeapAlloc, f.Sys, s.Anon = f.HeapAlloc+60*n, f.Sys+60*n, s.Anon+60*n
		}, Inconclusive, LiveHeap, 60, ""},
		{"small objects", func(n uint64, _ *profile.Sample, f *profile.LiveHeap) {
			f.HeapObjects, f.HeapAlloc = f.HeapObjects+n, f.HeapAlloc+16*n
		}, Leaking, HeapObjects, 16, ""},
		{"an object now and then", func(n uint64, _ *profile.Sample, f *profile.LiveHeap) {
			f.HeapObjects, f.HeapAlloc = f.HeapObjects+n/25, f.HeapAlloc+n
		}, Steady, LiveHeap, 0, ""},
		{"sockets", func(n uint64, s *profile.Sample, _ *profile.LiveHeap) { s.Sock += 1024 * n }, Inconclusive, KernelMemory, 0, "kernel"},
		{"dentries", func(n uint64, s *profile.Sample, _ *profile.LiveHeap) {
			s.Kernel += 1024 * n
			s.SlabReclaimable += 1024 * n
		}, Steady, LiveHeap, 0, ""},
		{"tmpfs", func(n uint64, s *profile.Sample, _ *profile.LiveHeap) { s.Shmem += 1024 * n }, Inconclusive, Tmpfs, 0, "tmpfs"},
		{"log file", func(n uint64, s *profile.Sample, _ *profile.LiveHeap) { s.InactiveFile += 9000 * n }, Steady, LiveHeap, 0, "page cache"},
		{"idle heap", func(n uint64, s *profile.Sample, f *profile.LiveHeap) { f.Sys += 700 * n; s.Anon += 700 * n }, Steady, LiveHeap, 0, "idle heap"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := sound(t, healthy(test.change))
			assert.Equal(t, test.verdict, got.Verdict, got.Reason)
			assert.Equal(t, test.signal, got.Signal)
			if test.bytes > 0 {
				assert.InEpsilon(t, test.bytes, got.PerRequest.Value, 0.02)
				assert.InEpsilon(t, 200*test.bytes, got.PerSecond.Value, 0.02)
			}
			if test.cause != "" {
				require.NotEmpty(t, got.Split)
				assert.Equal(t, test.cause, got.Split[0].Name, "%v", got.Split)
			}
		})
	}
}

func TestGoroutinesAreCounted(t *testing.T) {
	e := healthy(unchanged)
	for i := range 60 {
		at := time.Duration(i) * time.Second
		e.Polls = append(e.Polls, Poll{At: at, Requests: uint64(i * 200), Goroutines: 8 + uint64(i*200/20)})
	}
	got := sound(t, e)
	assert.Equal(t, Leaking, got.Verdict, got.Reason)
	assert.Equal(t, Goroutines, got.Signal)
}

func TestWorkingSetAlone(t *testing.T) {
	grows := healthy(func(n uint64, s *profile.Sample, _ *profile.LiveHeap) { s.Anon += 1000 * n })
	grows.LiveHeaps = nil
	got := sound(t, grows)
	assert.Equal(t, Inconclusive, got.Verdict, "growth of the working set is no leak unless the user says so")
	assert.InEpsilon(t, 1000, got.PerRequest.Value, 0.02, "yet it is reported")
	assert.Contains(t, got.Remedy, "net/http/pprof")
	assert.Zero(t, got.More, "more of the same does not help")

	grows.WorkingSetLeaks = true
	assert.Equal(t, Leaking, sound(t, grows).Verdict)

	flat := healthy(unchanged)
	flat.LiveHeaps = nil
	assert.Equal(t, Steady, sound(t, flat).Verdict, "what is flat is flat")
}

// TestAllowance: a user's own bytes per request take the place of the margins.
func TestAllowance(t *testing.T) {
	leak := func(perRequest uint64) Evidence {
		return healthy(func(n uint64, _ *profile.Sample, f *profile.LiveHeap) {
			f.HeapAlloc += perRequest * n
			f.HeapObjects += n
		})
	}
	for _, test := range []struct {
		name    string
		leaks   uint64
		allowed float64
		want    Verdict
	}{
		{"far below it", 300, 1000, Steady},
		{"far above it", 3000, 1000, Leaking},
		{"smaller than any margin", 0, 20, Steady},
		{"above one that is smaller than any margin", 40, 20, Inconclusive}, // below the threshold of a leak, too
	} {
		t.Run(test.name, func(t *testing.T) {
			e := leak(test.leaks)
			e.Allowed = test.allowed
			got := sound(t, e)
			assert.Equal(t, test.want, got.Verdict, got.Reason)
			if test.want == Steady {
				assert.LessOrEqual(t, got.Bound, test.allowed)
			}
		})
	}
}

func TestAllowanceSaysHowLongARunWouldDo(t *testing.T) {
	e := healthy(func(n uint64, _ *profile.Sample, f *profile.LiveHeap) {
		f.HeapAlloc += uint64(400_000 * (1 + math.Sin(float64(n)/700))) // noise that is the same however long the run
	})
	e.Allowed = 10
	got := sound(t, e)
	require.Equal(t, Inconclusive, got.Verdict)
	assert.Greater(t, got.More, 30*time.Second)
	assert.Contains(t, got.Remedy, "run ")
}

func TestMoreTellsHowMuchLonger(t *testing.T) {
	few := Evidence{LiveHeaps: heapsGrowing(8, 0), Samples: healthy(unchanged).Samples[:80]}
	got := sound(t, few)
	assert.Equal(t, Inconclusive, got.Verdict)
	assert.Equal(t, 4*time.Second, got.More, "eight live heaps in eight seconds, and twelve are needed")

	grows := healthy(func(n uint64, s *profile.Sample, _ *profile.LiveHeap) { s.Anon += 1000 * n })
	grows.LiveHeaps = grows.LiveHeaps[:4]
	got = sound(t, grows)
	assert.Equal(t, 2*time.Minute, got.More, "four live heaps in a minute, and twelve are needed: %s", got.Remedy)

	chunks := Evidence{LiveHeaps: heapsGrowing(60, 0)}
	for i := range chunks.LiveHeaps {
		chunks.LiveHeaps[i].HeapAlloc += uint64(i/14) * 4 << 20
	}
	got = sound(t, chunks)
	assert.Equal(t, Inconclusive, got.Verdict)
	assert.Contains(t, got.Reason, "nor that growth has ended")
	assert.Greater(t, got.More, 10*time.Second)
}

func TestShapes(t *testing.T) {
	at := func(level func(x float64) float64) Evidence {
		return healthy(func(n uint64, _ *profile.Sample, f *profile.LiveHeap) {
			f.HeapAlloc += uint64(level(float64(n)/12000) * 16 * mib)
		})
	}
	for _, test := range []struct {
		want  string
		level func(x float64) float64
	}{
		{"flat", func(float64) float64 { return 0 }},
		{"cache fill", func(x float64) float64 { return math.Min(1, x/0.5) }},
		{"plateau", func(x float64) float64 { return 1 - math.Exp(-x*9) }},
		{"step", func(x float64) float64 { return math.Floor(x + 0.6) }},
		{"sawtooth", func(x float64) float64 { return math.Mod(x*6, 1) }},
		{"leak", func(x float64) float64 { return x }},
	} {
		assert.Equal(t, test.want, Detect(at(test.level)).Shape)
	}
}

func TestForecast(t *testing.T) {
	leak := Trend{
		Verdict: Leaking, Memory: 64 * mib, Amplified: 2,
		PerRequest: profile.Estimate{Value: 1024, Lo: 512, Hi: 2048, Points: 10},
	}
	day := 24 * time.Hour
	for _, test := range []struct {
		name  string
		trend Trend
		limit uint64
		rate  float64
		want  Forecast
	}{
		{"leak", leak, 128 * mib, 100, Forecast{After: 327680 * time.Millisecond, Earliest: 163840 * time.Millisecond, Latest: 655360 * time.Millisecond}},
		{"above it already", leak, 32 * mib, 100, Forecast{}},
		{"no load", leak, 128 * mib, 0, Forecast{Never: true}},
		{"nothing known", Trend{}, 128 * mib, 100, Forecast{Never: true}},
		{"steady", Trend{Verdict: Steady, Bound: 1, Memory: 1 * mib, PerRequest: profile.Estimate{Value: 0.5, Lo: 0.1, Hi: 0.9, Points: 10}},
			1*mib + 86400, 1, Forecast{Never: true, Earliest: day}},
		{"no interval", Trend{Verdict: Leaking, Memory: 1 * mib, PerRequest: profile.Estimate{Value: 1, Points: 10}}, 1*mib + 86400, 1, Forecast{After: day}},
		{"hardly", Trend{Verdict: Leaking, Memory: 1, PerRequest: profile.Estimate{Value: 1e-300, Points: 10}}, math.MaxUint64, 1e-9, Forecast{After: math.MaxInt64}},
	} {
		assert.Equal(t, test.want, test.trend.Forecast(test.limit, test.rate), test.name)
	}
}

func TestAmplifiedIsWhatGOGCMakesOfALeak(t *testing.T) {
	for name, test := range map[string]struct {
		goal uint64
		want float64
	}{
		"GOGC=100":       {16 << 20, 2},
		"GOGC=300":       {32 << 20, 4},
		"GOGC=off":       {math.MaxUint64, 1},
		"not told":       {0, 2},
		"smallest goal":  {4 << 20, 2},
		"at a mem limit": {8 << 20, 1},
	} {
		got := Detect(healthy(func(_ uint64, _ *profile.Sample, f *profile.LiveHeap) { f.HeapAlloc, f.NextGC = 8<<20, test.goal }))
		assert.InDelta(t, test.want, got.Amplified, 0.01, name)
	}
}

func TestVerdictIsItsWord(t *testing.T) {
	for v, word := range map[Verdict]string{Inconclusive: "inconclusive", Steady: "steady", Leaking: "leaking"} {
		text, err := v.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, word, string(text))
		var back Verdict
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, v, back)
		assert.Equal(t, word, v.String())
	}
	_, err := Verdict(7).MarshalText()
	require.ErrorContains(t, err, "none of")
	require.ErrorContains(t, new(Verdict).UnmarshalText([]byte("fine")), `"fine"`)
	assert.Equal(t, "Verdict(-1)", Verdict(-1).String())
}

func TestThinnedKeepsBothEnds(t *testing.T) {
	for _, n := range []int{0, 1, 2, mostSamples, mostSamples + 1, 3*mostSamples + 7} {
		thinned := thin(make(profile.Series, n))
		require.LessOrEqual(t, thinned.len(), mostSamples+1)
		if n > 0 {
			assert.Same(t, &thinned.series[0], thinned.at(0))
			assert.Same(t, &thinned.series[n-1], thinned.at(thinned.len()-1))
		}
		if n <= mostSamples {
			assert.Equal(t, n, thinned.len(), "what is few enough is taken whole")
		}
	}
}

func TestAShortLoadIsNeverSteady(t *testing.T) {
	e := healthy(unchanged)
	e.Samples, e.LiveHeaps, e.Window = e.Samples[:60], nil, 6*time.Second
	got := sound(t, e)
	assert.Equal(t, Inconclusive, got.Verdict)
	assert.Contains(t, got.Reason, "too short to say so (10 s would do)")
	assert.Equal(t, 5*time.Second, got.More.Round(5*time.Second))
}
