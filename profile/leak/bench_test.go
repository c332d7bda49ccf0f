package leak

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
)

// longRun is a run of n samples at 10 Hz with the most that a run has: 60 live heaps.
func longRun(n int) Evidence {
	e := Evidence{Samples: make(profile.Series, n), Planned: 200}
	for i := range e.Samples {
		usage := uint64(64<<20 + i%977*4096)
		e.Samples[i] = profile.Sample{
			At: time.Duration(i) * 100 * time.Millisecond, Requests: uint64(i * 20),
			Memory: profile.Memory{Usage: usage, WorkingSet: usage, Anon: usage - 1<<20, Missing: profile.Fields(profile.Kernel)},
		}
	}
	for i := 1; i <= 60; i++ {
		s := e.Samples[i*(n-1)/60]
		e.LiveHeaps = append(e.LiveHeaps, profile.LiveHeap{
			At: s.At, Requests: s.Requests, HeapAlloc: uint64(20<<20 + i%7*9000), HeapObjects: uint64(80_000 + i%5),
			StackInuse: 1 << 20, Sys: 60 << 20, HeapReleased: 8 << 20, NextGC: 40 << 20, NumGC: uint64(i),
		})
	}
	return e
}

func benchmarkDetect(b *testing.B, e Evidence) {
	b.ReportAllocs()
	for b.Loop() {
		if v := Detect(e).Verdict; v == Leaking {
			b.Fatalf("a flat run is %v", v)
		}
	}
}

func BenchmarkDetect10k(b *testing.B) { benchmarkDetect(b, longRun(10_000)) }

func BenchmarkDetect1M(b *testing.B) { benchmarkDetect(b, longRun(1_000_000)) }

func BenchmarkDetectWorkingSet1M(b *testing.B) {
	e := longRun(1_000_000)
	e.LiveHeaps = nil
	benchmarkDetect(b, e)
}

// TestDetectStaysInBudget holds Detect to a megabyte of allocations, however long the run.
func TestDetectStaysInBudget(t *testing.T) {
	e := longRun(200_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	Detect(e)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1_000_000))
}
