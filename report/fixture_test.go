package report

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
)

// story is a made-up run that looks like a real one.
type story struct {
	hz         int
	loaded     time.Duration // length of the measured load
	rate       float64       // requests per second
	perRequest float64       // bytes that each request leaks
	base       float64       // live heap after warm-up
	limit      uint64
	dies       time.Duration // when the target is OOM-killed; 0 if it is not
}

const (
	warmed = 10 * time.Second // when the story's warm-up is over
	rests  = 4 * time.Second  // how long its cool-down takes
	ends   = time.Second      // how long its last floor takes
)

// tell is the story's record: warm-up, load, cool-down, floor.
func (s story) tell(name string) *Record {
	r := &Record{
		Schema: Schema, Name: name, Started: time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.UTC),
		Test: Test{Name: name, Package: "example.org/shop/orders", File: "orders/orders_mem_test.go", Line: 41},
		Env: Env{
			GC:     "GOGC=100",
			Target: "go package ./cmd/orders", Image: "sha256:8d1c0ffee5f0c9d2f1f0b9a7", Address: "http://127.0.0.1:32768", Limit: s.limit, CPUs: 2,
			EnvNames: []string{"DATABASE_URL", "GOGC"}, Kernel: "6.12.9-amd64", Cgroup: "v2", Engine: "docker 28.2.2",
			CPU: "8 × AMD EPYC 7763 64-Core Processor", THP: "madvise", Go: "go1.26.8", TargetGo: "go1.26.8", OS: "linux/amd64", GitCommit: "4f2a9c1d8e07",
		},
		Source: Source{Kind: "cgroup v2 files", Every: time.Second / time.Duration(s.hz), Achieved: float64(s.hz) - 0.03, Longest: 131 * time.Millisecond,
			Jitter: 12 * time.Millisecond, Since: 40 * time.Millisecond, CPU: 0.0028, Harness: Harness{Memory: 48 * mib, CPU: 4700 * time.Millisecond}},
	}
	s.phases(r)
	s.samples(r)
	s.floors(r)
	s.load(r)
	s.processes(r)
	return r
}

func (s story) phases(r *Record) {
	at := time.Duration(0)
	for _, p := range []struct {
		name string
		long time.Duration
	}{{Warmup, warmed}, {Load, s.loaded}, {Cooldown, rests}, {Floor, ends}} {
		to := at + p.long
		if s.dies > 0 {
			to = min(to, s.dies)
		}
		r.Phases = append(r.Phases, Phase{Name: p.name, From: at, To: to})
		at = to
		if at == s.dies {
			return
		}
	}
}

func (s story) samples(r *Record) {
	random := rand.New(rand.NewPCG(1, uint64(s.hz)))
	end := r.Phases[len(r.Phases)-1].To
	garbage := 0.0
	for at := time.Duration(0); at < end; at += time.Second / time.Duration(s.hz) {
		served := s.served(at)
		busy := at < warmed+s.loaded
		garbage += 9 * mib / float64(s.hz) * (0.7 + 0.6*random.Float64())
		if limit := 0.55*s.base + 0.3*s.perRequest*served; garbage > limit || !busy && at%(2*time.Second) == 0 {
			garbage = 0.1 * limit
		}
		heap := s.base*(1-0.6*math.Exp(-at.Seconds()/3)) + s.perRequest*served + garbage
		m := profile.Memory{Anon: uint64(heap) &^ 4095, Kernel: 3 * mib, File: 6 * mib, InactiveFile: 2 * mib, ActiveFile: 4 * mib, Limit: s.limit}
		m.Usage = m.Anon + m.Kernel + m.File
		if s.limit > 0 {
			m.Usage = min(m.Usage, s.limit)
		}
		m.WorkingSet = m.Usage - m.InactiveFile
		jitter := time.Duration(random.Int64N(int64(time.Millisecond)))
		r.Samples = append(r.Samples, profile.Sample{At: at + jitter, Requests: uint64(served), Memory: m})
	}
}

// processes is what was seen at the end of each phase, and the kernel's peaks.
func (s story) processes(r *Record) {
	for i := range r.Phases {
		p := &r.Phases[i]
		for _, sample := range r.During(p.Name) {
			p.PeakUsage = max(p.PeakUsage, sample.Usage+3*mib)
		}
		if s.limit > 0 {
			p.PeakUsage = min(p.PeakUsage, s.limit)
		}
		p.PeakFrom = []PeakFrom{PeakReset, PeakHighest, PeakSampled, PeakSampled}[i]
		last := r.During(p.Name)
		if len(last) == 0 {
			continue
		}
		anon := last[len(last)-1].Anon
		r.Processes = append(r.Processes, profile.Processes{
			At: p.To, Requests: uint64(s.served(p.To)), Phase: p.Name, Count: 2, Threads: 19, FDs: 31, RSS: anon + 7*mib, PSS: anon + 5*mib, USS: anon + 4*mib,
		})
	}
}

// served is the requests completed by then.
func (s story) served(at time.Duration) float64 { return s.rate * min(at, warmed+s.loaded).Seconds() }

func (s story) floors(r *Record) {
	random := rand.New(rand.NewPCG(2, 2))
	every := max(time.Second, s.loaded/60)
	end := r.Phases[len(r.Phases)-1].To
	for at := warmed; at < end; at += every {
		if at > warmed+s.loaded && at < warmed+s.loaded+rests {
			continue
		}
		live := 0.9*s.base + s.perRequest*s.served(at) + 0.05*mib*random.Float64()
		r.Floors = append(r.Floors, profile.LiveHeap{
			At: at, Requests: uint64(s.served(at)), Took: 4 * time.Millisecond, HeapAlloc: uint64(live), HeapObjects: uint64(live / 210),
			StackInuse: mib, Sys: uint64(2.2 * live), HeapReleased: 4 * mib, NextGC: uint64(2 * live), NumGC: uint64(20 + len(r.Floors)),
		})
	}
}

func (s story) load(r *Record) {
	random := rand.New(rand.NewPCG(3, 3))
	took := s.loaded
	if s.dies > 0 {
		took = s.dies - warmed
	}
	n := uint64(s.rate * took.Seconds())
	r.Load = load.Summary{
		Planned: s.rate, Rate: s.rate, Duration: took, Requests: n, Success: 1,
		Latency: load.Latency{Mean: 2310 * time.Microsecond, P50: 2050 * time.Microsecond, P90: 3720 * time.Microsecond, P95: 5110 * time.Microsecond, P99: 9380 * time.Microsecond, Max: 48 * time.Millisecond},
		Codes:   map[string]uint64{"200": n}, BytesIn: 512 * n, BytesOut: 64 * n,
	}
	for at := time.Duration(0); at < took; at += time.Second {
		r.Load.PerSecond = append(r.Load.PerSecond, load.Second{
			At: at, Requests: uint64(s.rate) - uint64(random.IntN(3)), P99: 8*time.Millisecond + time.Duration(random.IntN(3_000_000)),
		})
	}
}

// leakingRun is a run that leaks some 1.9 kB per request, with budget and sites.
func leakingRun() *Record {
	r := story{hz: 10, loaded: time.Minute, rate: 200, perRequest: 1890, base: 40 * mib, limit: 256 * mib}.tell("TestOrders")
	r.Report = "/tmp/memtest-1000/orders.test/TestOrders.html"
	r.Growth = []heap.Site{
		{Func: "main.newSession", File: "/src/orders/cmd/orders/session.go", Line: 88, Bytes: 17_825_792, Objects: 12_004, PerRequest: 1485.5, Lo: 1212, Hi: 1759,
			Stack: []string{"main.newSession /src/orders/cmd/orders/session.go:88", "main.(*sessionStore).open /src/orders/cmd/orders/session.go:52", "main.handleOrder /src/orders/cmd/orders/main.go:121", "net/http.HandlerFunc.ServeHTTP /usr/lib/go/src/net/http/server.go:2322", "net/http.(*ServeMux).ServeHTTP /usr/lib/go/src/net/http/server.go:2861"}},
		{Func: "main.(*sessionStore).put", File: "/src/orders/cmd/orders/session.go", Line: 61, Bytes: 3_355_443, Objects: 131, PerRequest: 279.6, Lo: 101, Hi: 458, Alloc: "internal/runtime/maps.newTable table.go:81",
			Stack: []string{"internal/runtime/maps.newTable /usr/lib/go/src/internal/runtime/maps/table.go:81", "main.(*sessionStore).put /src/orders/cmd/orders/session.go:61", "main.handleOrder /src/orders/cmd/orders/main.go:124"}},
		{Func: "github.com/redis/go-redis/v9/internal/pool.(*ConnPool).newConn", File: "/root/go/pkg/mod/github.com/redis/go-redis/v9@v9.7.0/internal/pool/pool.go", Line: 214, Bytes: 419_430, Objects: 12, PerRequest: 35},
		{Func: "bufio.NewReaderSize", File: "/usr/lib/go/src/bufio/bufio.go", Line: 57, Bytes: 65_536, Objects: 16, PerRequest: 5.5},
		{Func: "main.loadCatalog", File: "/src/orders/cmd/orders/catalog.go", Line: 30, Bytes: -1_048_576, Objects: -800, PerRequest: -87},
	}
	r.Heaps = []Heap{
		{At: warmed, Requests: 2000, Phase: Warmup, File: "TestOrders.01-warm-up.pb.gz", Bytes: 18_204},
		{At: warmed + 30*time.Second, Requests: 8000, Phase: Load, File: "TestOrders.02-load.pb.gz", Bytes: 20_991},
		{At: warmed + time.Minute, Requests: 14_000, Phase: Cooldown, File: "TestOrders.03-cool-down.pb.gz", Bytes: 21_377},
	}
	r.Trend = leak.Trend{
		Verdict: leak.Leaking, Channel: "live heap",
		PerRequest: leak.Estimate{Value: 1890, Lo: 1720, Hi: 2060, Points: 60},
		PerSecond:  leak.Estimate{Value: 378_000, Lo: 344_000, Hi: 412_000, Points: 60},
		Objects:    leak.Estimate{Value: 3.01, Lo: 2.99, Hi: 3.03, Points: 60},
		Split:      []leak.Cause{{Name: "live heap", Bytes: 21.6 * mib}, {Name: "idle heap", Bytes: 9.1 * mib}, {Name: "kernel", Bytes: 0.3 * mib}},
	}
	r.Checks = []Check{
		{Rule: "no leak", Allowed: "no growth with requests", Got: "+1,890 B/request (live heap)", File: "orders/orders_mem_test.go", Line: 47, Detail: "memory leak in \"TestOrders\" (live heap)\n    rule   memory may not grow with requests"},
		{Rule: "peak working set", Allowed: "≤ 128.0 MiB", Got: MiB(r.Samples.Peak().WorkingSet) + " at " + clock(r.Samples.Peak().At), OK: true, Margin: "17.9 MiB left (86% of allowed)"},
		{Rule: "no OOM kill", Allowed: "0", Got: "0", OK: true},
	}
	r.Notes = []Finding{{At: 12 * time.Second, Kind: Warning, Text: "the CPU was short: 3% of the periods were throttled"}}
	return r
}

// healthyRun is a run that keeps all that was asked of it.
func healthyRun() *Record {
	r := story{hz: 10, loaded: time.Minute, rate: 300, base: 24 * mib}.tell("TestCatalog/warm")
	r.Growth = []heap.Site{{Func: "main.(*lru).add", File: "/src/catalog/lru.go", Line: 40, Bytes: 131_072, Objects: 64, PerRequest: 7.3}}
	r.Trend = leak.Trend{
		Verdict: leak.Steady, Channel: "live heap", Bound: 58.3, Shape: "flat",
		PerRequest: leak.Estimate{Value: 0.7, Lo: -11, Hi: 12.4, Points: 60},
	}
	r.Checks = []Check{
		{Rule: "no leak", Allowed: "no growth with requests", Got: "no growth above 58 B/request (live heap)", OK: true},
		{Rule: "peak working set", Allowed: "≤ 64.0 MiB", Got: MiB(r.Samples.Peak().WorkingSet) + " at " + clock(r.Samples.Peak().At), OK: true},
		{Rule: "after cool-down", Allowed: "≤ 48.0 MiB", Got: "33.9 MiB", OK: true},
	}
	return r
}

// killedRun is a run whose target is OOM-killed in the middle of the load.
func killedRun() *Record {
	r := story{hz: 10, loaded: time.Minute, rate: 200, perRequest: 9.8 * 1024, base: 30 * mib, limit: 128 * mib, dies: 53 * time.Second}.tell("TestUpload")
	for i := range r.Load.PerSecond {
		if i > 38 {
			r.Load.PerSecond[i].Errors = uint64(20 * (i - 38))
		}
	}
	r.Load.Success, r.Load.Codes = 0.987, map[string]uint64{"200": 8490, "0": 110}
	r.Load.Errors = []load.ErrorCount{{Text: "read tcp 127.0.0.1:N->127.0.0.1:N: connection reset by peer", Count: 84}, {Text: "context deadline exceeded", Count: 26}}
	r.Trend = leak.Trend{Reason: "the run was cut short", Remedy: "raise the memory limit"}
	r.Checks = []Check{{Rule: "no leak", Allowed: "no growth with requests", Got: "inconclusive: the run was cut short", Detail: "no leak statement is possible"},
		{Rule: "average working set", Allowed: "≤ 120.0 MiB", Got: "96.4 MiB, until the run was cut short at 00:53", Undecided: true}}
	r.Alarms = []Alarm{
		{At: 47 * time.Second, Requests: 9400, Why: "90% of the limit", WorkingSet: 115*mib + 300<<10, WhyNot: "read mappings: context deadline exceeded"},
		{
			At: 52 * time.Second, Requests: 10_400, Why: "98% of the limit", WorkingSet: 125*mib + 900<<10, Command: "uploads",
			RSS: 124 * mib, PSS: 123*mib + 700<<10, Anon: 118 * mib, File: 5 * mib, Shmem: 1 * mib, PrivateDirty: 119 * mib,
			Largest: []Mapping{
				{Name: "[anon: Go: heap]", Count: 3, RSS: 112 * mib, Anon: 112 * mib, PrivateDirty: 112 * mib},
				{Name: "(unnamed)", Count: 21, RSS: 6 * mib, Anon: 6 * mib, PrivateDirty: 6 * mib},
				{Name: "/app", Count: 4, RSS: 5 * mib},
			},
		},
	}
	r.Notes = []Finding{{
		At: 53 * time.Second, Kind: OOMKilled, Fatal: true,
		Text: `"TestUpload" was OOM-killed at 00:53 in the load phase after 10,600 requests (exit code 137; witness: inspect; limit 128.0 MiB, working set up to 126.0 MiB in the last second); growth before: +9.8 KiB/request: raise its memory limit (MemoryLimit) if it needs that much, else see in the report what grew`,
		Logs: "2026/03/14 15:10:18 upload 10598 stored\n2026/03/14 15:10:18 upload 10599 stored\n",
	}}
	return r
}

// emptyRun is a target that ended before it was ready.
func emptyRun() *Record {
	return &Record{
		Schema: Schema, Name: "TestNothing", Started: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC),
		Notes: []Finding{{At: 300 * time.Millisecond, Kind: Exited, Fatal: true, Text: `"TestNothing" exited with code 2 at 00:00, before it was ready: its last log lines may say why`, Logs: "panic: DATABASE_URL is not set\n"}},
	}
}
