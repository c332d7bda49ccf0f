package memtest_test

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report"
)

// equalTrials are two sets of five trials of a target that did not change.
func equalTrials() (once, again []*report.Record) {
	random := rand.New(rand.NewPCG(1, 4))
	return noisy(random, 30), noisy(random, 30)
}

// roomy are tolerances above the noise of equalTrials.
var roomy = memtest.Tolerance{Relative: 0.12, Latency: 0.6}

func TestSelfTestOfBudgets(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Limit: 64 << 20}) // 25 MiB throughout
	once, again := equalTrials()
	for name, tc := range map[string]struct {
		budget memtest.Budget
		want   string // empty: it can be believed
	}{
		"a good budget":           {memtest.Budget{Peak: "38MiB", Average: "38MiB", P95: "38MiB", Settled: "38MiB", Headroom: "26MiB", GrowthPerRequest: 263, NoOOM: true}, ""},
		"a hundred Peaks":         {memtest.Budget{Peak: "3800MiB"}, `✗ budget: peak working set ≤ 3,800.0 MiB: a doubling from 25.0 MiB to 50.0 MiB passes: set Peak: "38MiB"`},
		"a hundred Averages":      {memtest.Budget{Average: "3800MiB"}, `passes: set Average: "38MiB"`},
		"a hundred P95s":          {memtest.Budget{P95: "3800MiB"}, `passes: set P95: "38MiB"`},
		"a hundred Settleds":      {memtest.Budget{Settled: "3800MiB"}, `passes: set Settled: "38MiB"`},
		"a hundred Growths":       {memtest.Budget{GrowthPerRequest: 10_000}, "passes: set Growth: "},
		"a hundredth of Headroom": {memtest.Budget{Headroom: "0.26MiB"}, `✗ budget: headroom to limit ≥ 0.3 MiB: a doubling from 25.0 MiB to 50.0 MiB passes: set Headroom: "26MiB"`},
		"broken as it is":         {memtest.Budget{Peak: "20MiB"}, `the target as it is breaks it: got 25.0 MiB (+5.0, 125%) at 00:00: set Peak: "38MiB"`},
		"headroom not there":      {memtest.Budget{Headroom: "60MiB"}, `the target as it is breaks it: got 39.0 MiB`},
		"in the noise":            {memtest.Budget{Settled: "25.2MiB"}, `crying wolf: 0.2 MiB of 25.0 MiB is to spare, and equal runs differ by `},
		"growth in the noise":     {memtest.Budget{GrowthPerRequest: 1}, "the target as it is breaks it: got no growth above "},
		"nothing":                 {memtest.Budget{}, "asserts nothing: set a field"},
		"no size":                 {memtest.Budget{Peak: "many"}, `Peak: size "many" is not understood`},
	} {
		t.Run(name, func(t *testing.T) {
			checks, text := memtest.Prove(r, once, again, tc.budget)
			if tc.want == "" {
				assert.Empty(t, text)
				for _, c := range checks {
					assert.True(t, c.Passed())
					assert.True(t, strings.HasPrefix(c.Rule, "self-test: "))
				}
				assert.Len(t, checks, 3+7)
				return
			}
			assert.True(t, strings.HasPrefix(text, `the gates of "fake" cannot be believed`))
			assert.Contains(t, text, tc.want)
			assert.Equal(t, 1, strings.Count(text, "✗"), text)
		})
	}
}

// TestSelfTestTakesItsOwnAdvice: what a failure says to set can be believed.
func TestSelfTestTakesItsOwnAdvice(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{Limit: 64 << 20})
	once, again := equalTrials()
	_, text := memtest.Prove(r, once, again,
		memtest.Budget{Peak: "1MiB", Average: "1GiB", P95: "25MiB", Settled: "25.1MiB", Headroom: "1KiB", GrowthPerRequest: 10_000},
		memtest.Tolerance{Relative: 0.001, Absolute: "1KiB", GrowthPerRequest: 1, Latency: 0.01, LatencyAbsolute: 1})
	said := map[string]string{}
	for _, m := range regexp.MustCompile(`set (\w+): "?([0-9.]+(?:[KM]iB)?)`).FindAllStringSubmatch(text, -1) {
		if field := m[1]; field == "Growth" && said[field] != "" {
			said["Tolerance.Growth"] = m[2]
		} else if said[field] < m[2] { // the largest of several figures'
			said[field] = m[2]
		}
	}
	require.Len(t, said, 9, text)
	number := func(field string) float64 {
		v, err := strconv.ParseFloat(said[field], 64)
		require.NoError(t, err)
		return v
	}
	size := func(field string) memtest.Size { return memtest.Size(said[field]) }
	_, text = memtest.Prove(r, once, again,
		memtest.Budget{Peak: size("Peak"), Average: size("Average"), P95: size("P95"), Settled: size("Settled"), Headroom: size("Headroom"), GrowthPerRequest: number("Growth")},
		memtest.Tolerance{Relative: number("Relative"), GrowthPerRequest: number("Tolerance.Growth"), Latency: number("Latency")})
	assert.Empty(t, text, said)
}

// TestSelfTestDoublesWhatTheKernelSaw: the peak between two samples.
func TestSelfTestDoublesWhatTheKernelSaw(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{})
	once, again := equalTrials()
	r.Phases[1].PeakUsage, r.Phases[1].PeakFrom = 30<<20, report.PeakReset
	_, text := memtest.Prove(r, once, again, memtest.Budget{Peak: "55MiB"})
	assert.Empty(t, text, "29 MiB as it is, 58 MiB doubled")
}

func TestSelfTestOfNoLeak(t *testing.T) {
	t.Parallel()
	once, again := equalTrials()
	healthy := measured(t, &faketarget.Target{})
	_, text := memtest.Prove(healthy, once, again)
	assert.Empty(t, text)

	checks, _ := memtest.Prove(healthy, once, again)
	assert.Regexp(t, `^self-test: no leak, with \d+ B/request planted$`, checks[1].Rule)
	assert.Regexp(t, `^found: \+\d`, checks[1].Got)

	leaking := measured(t, &faketarget.Target{Retains: 1000})
	_, text = memtest.Prove(leaking, once, again)
	assert.Contains(t, text, `✗ no leak, target as it is: memory leak in "fake"`)

	blindfolded := measured(t, &faketarget.Target{NoRuntime: true})
	blindfolded.AllowInconclusive = true
	_, text = memtest.Prove(blindfolded, once, again)
	assert.Contains(t, text, "planted: it is not found (inconclusive: ")

	lenient := measured(t, &faketarget.Target{})
	lenient.AllowedGrowth = 500
	checks, text = memtest.Prove(lenient, once, again)
	assert.Empty(t, text)
	assert.Contains(t, checks[1].Rule, "1,000 B/request planted", "twice what the scenario allows")
}

func TestSelfTestOfTolerances(t *testing.T) {
	t.Parallel()
	r := measured(t, &faketarget.Target{})
	once, again := equalTrials()
	for name, tc := range map[string]struct {
		tolerance memtest.Tolerance
		want      []string
	}{
		"roomy":               {roomy, nil},
		"memory in the noise": {memtest.Tolerance{Relative: 0.005, Absolute: "1KiB", Latency: 0.6}, []string{"✗ tolerance: peak working set ≤ +0.2 MiB: below the noise floor of ", "set Relative: 0."}},
		"latency in it":       {memtest.Tolerance{Relative: 0.12, Latency: 0.01, LatencyAbsolute: 1}, []string{"✗ tolerance: p99 latency", "below the noise floor of ", "set Latency: 0."}},
		"growth in it":        {memtest.Tolerance{Relative: 0.12, Latency: 0.6, GrowthPerRequest: 0.5}, []string{"✗ tolerance: growth per request", "set Growth: "}},
		"no number":           {memtest.Tolerance{Relative: -1}, []string{"✗ tolerance: Relative is -1"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, text := memtest.Prove(r, once, again, tc.tolerance)
			assert.Equal(t, tc.want == nil, text == "", text)
			for _, want := range tc.want {
				assert.Contains(t, text, want)
			}
		})
	}
	_, text := memtest.Prove(r, once[:3], again[:3], roomy)
	assert.Contains(t, text, "✗ two sets of trials of one target: cannot tell")
	assert.Contains(t, text, "✗ tolerance: peak working set ≤ +3.8 MiB: 3 and 3 runs cannot tell")

	once[2].Load.Latency.P99 = time.Second // one run had to wait: the noise of the others is small, but n is too
	_, text = memtest.Prove(r, once, again, roomy)
	assert.Contains(t, text, "✗ tolerance: p99 latency ≤ +")
	assert.Contains(t, text, " is not found in 5 and 5 trials, so much do they differ: set Latency: ")

	worse := noisy(rand.New(rand.NewPCG(1, 5)), 45)
	_, text = memtest.Prove(r, once, worse, roomy)
	assert.Contains(t, text, "✗ two sets of trials of one target: memory got worse")
	assert.Contains(t, text, "failing equal trials: ")
}

// unlike makes targets that differ from start to start as equal runs do: by some
// hundredths of their memory.
func unlike(random *rand.Rand) *fresh {
	return &fresh{make: func(int) *faketarget.Target {
		return &faketarget.Target{Limit: 64 << 20, More: uint64(2*mebi + 0.2*mebi*random.NormFloat64())}
	}}
}

func TestSelfTestRunsWhatItNeeds(t *testing.T) {
	inFolder(t)
	t.Setenv("MEMTEST_SEED", "1")
	target := unlike(rand.New(rand.NewPCG(1, 6)))
	scenario := target.scenario()
	scenario.Name = "orders"
	gates := []memtest.Gate{memtest.Budget{Peak: "40MiB"}, memtest.Tolerance{Relative: 0.1}, memtest.Baseline{File: orders.File, Tolerance: memtest.Tolerance{Relative: 0.1}}}

	t.Setenv("MEMTEST_UPDATE", "1")
	f := &fakeTest{}
	run(t, f, func(tb memtest.TB) { memtest.NoDrift(tb, memtest.Trials(tb, 5, scenario), orders) })
	require.Len(t, f.errors, 1)
	require.Contains(t, f.errors[0], "recorded: read its diff")
	t.Setenv("MEMTEST_UPDATE", "")
	assert.Equal(t, 5, target.started)

	selfTest := func() (believed bool, f *fakeTest) {
		f = &fakeTest{name: "TestGatesOfOrders"}
		run(t, f, func(tb memtest.TB) { believed = memtest.SelfTest(tb, scenario, gates...) })
		return believed, f
	}
	t.Setenv("CI", "1")
	believed, f := selfTest()
	assert.True(t, believed, f.errors)
	assert.Contains(t, strings.Join(f.logs, "\n"), "does not know its noise floors yet: run this outside CI, and commit the file")
	assert.NotContains(t, read(t, onlyBaseline(t)), "# noise")
	assert.Equal(t, 5+11, target.started, "a pair and a run")

	t.Setenv("CI", "")
	believed, f = selfTest()
	assert.True(t, believed, f.errors)
	assert.Contains(t, strings.Join(f.logs, "\n"), "memtest: noise floors are now in baseline testdata/orders.")
	whole := read(t, onlyBaseline(t))
	assert.Regexp(t, `# noise: peak-B \d\.\d+ MiB`, whole)

	believed, _ = selfTest()
	assert.True(t, believed)
	assert.Equal(t, whole, read(t, onlyBaseline(t)), "it is written once")

	t.Setenv("MEMTEST_UPDATE", "1")
	believed, f = selfTest()
	assert.False(t, believed)
	assert.Contains(t, f.errors[0], "recorded anew: read its diff, commit it")
}
