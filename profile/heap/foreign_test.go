package heap

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Recorded from a program in C++ that keeps 2,000 bytes with each request, by jemalloc
// 5.3 (a sample per 16 KiB) and gperftools 2.10. The function is at 0x12c6 of its binary.
func TestGrowthOfForeignProfiles(t *testing.T) {
	for name, within := range map[string]float64{"jemalloc": 0.1, "gperftools": 1e-3} {
		var series []Profile
		for i := range uint64(4) {
			text, err := os.ReadFile(fmt.Sprintf("testdata/foreign/%s-%d.heap", name, i+1))
			require.NoError(t, err)
			raw, err := AsPprof(text)
			require.NoError(t, err)
			series = append(series, Profile{Requests: i * 5000, Raw: raw})
		}
		sites, err := Growth(series)
		require.NoError(t, err)
		require.Len(t, sites, 1, name)
		assert.Equal(t, "orders+0x12e4", sites[0].Func, name)
		assert.Equal(t, "/srv/shop/orders", sites[0].File, name)
		assert.EqualValues(t, 0x12e4, sites[0].Offset, name)
		assert.InEpsilon(t, 2000, sites[0].PerRequest, within, name)
	}
}

// Where the binaries of a target can be read, functions have names; what has none of its
// own in them keeps its place.
func TestForeignFunctionsAreNamed(t *testing.T) {
	text, err := os.ReadFile("testdata/foreign/jemalloc-4.heap")
	require.NoError(t, err)
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }))
	defer served.Close()
	source := HeapURL{URL: served.URL, Name: func(file string, offset uint64) string {
		switch {
		case file == "/srv/shop/orders" && offset == 0x12e4:
			return "shop::Store::put"
		case strings.Contains(file, "libc.so"):
			return "a_function_of_libc"
		}
		return ""
	}}
	raw, err := source.Heap(t.Context())
	require.NoError(t, err)
	sites, err := Suspects([]Profile{{Raw: raw}})
	require.NoError(t, err)
	require.NotEmpty(t, sites)
	assert.Equal(t, "shop::Store::put", sites[0].Func)
	assert.Zero(t, sites[0].Offset, "it has a name")
	assert.Equal(t, "/srv/shop/orders", sites[0].File)
	for _, s := range sites {
		assert.NotEqual(t, "a_function_of_libc", s.Func, "a library is not the user's own")
	}
	assert.Equal(t, standard, naming{foreign: true}.origin(&pprof.Function{Name: "vfprintf", Filename: "/usr/lib/libc.so.6"}))
}

func TestAsPprofOfOtherProducers(t *testing.T) {
	p := built(1, stack{bytes: 400, objects: 4, frames: []string{"alloc::raw_vec::grow /rustc/x/alloc/raw_vec.rs:1", "shop::store::put src/store.rs:61", "std::rt::lang_start /rustc/rt.rs:1"}})
	for name, types := range map[string][]string{
		"new tcmalloc": {"objects", "space"}, "Rust": {"", "inuse_space"}, "Node.js": {"objects", "space"},
	} {
		q := p.Copy()
		q.SampleType = nil
		for _, s := range q.Sample {
			s.Value = nil
		}
		for i, kind := range types {
			if kind == "" {
				continue
			}
			q.SampleType = append(q.SampleType, &pprof.ValueType{Type: kind})
			q.Sample[0].Value = append(q.Sample[0].Value, []int64{4, 400}[i])
		}
		raw, err := AsPprof(gzipped(t, q))
		require.NoError(t, err, name)
		sites, err := Suspects([]Profile{{Raw: raw}})
		require.NoError(t, err, name)
		require.Len(t, sites, 1, name)
		assert.Equal(t, "shop::store::put", sites[0].Func, name)
		assert.Equal(t, int64(400), sites[0].Bytes, name)
	}
	raw, err := AsPprof(gzipped(t, small))
	require.NoError(t, err, "Go's own")
	assert.NotEmpty(t, raw)
}

func TestAsPprofOfWhatCannotBeRead(t *testing.T) {
	jemalloc := func(lines string) []byte { return []byte("heap_v2/524288\n  t*: 1: 1 [0: 0]\n" + lines) }
	many := strings.Repeat("@"+strings.Repeat(" 0x1", 100)+"\n t*: 1: 1 [0: 0]\n", 1000)
	addresses := &strings.Builder{}
	for i := range 800_000 {
		fmt.Fprintf(addresses, "@ %#x\n", i+1)
	}
	tests := map[string]struct {
		raw  []byte
		want string
	}{
		"empty":                   {nil, "it is empty"},
		"HTML":                    {[]byte("<html>login</html>"), "it is not a pprof profile"},
		"JSON":                    {[]byte(`{"error":"no"}`), "pprof profile"},
		"huge":                    {make([]byte, maxRaw+1), "it is larger than 16 MiB"},
		"no rate":                 {[]byte("heap_v2/x\n"), `line 1 "heap_v2/x": the distance of samples`},
		"rate of 0":               {[]byte("heap_v2/0\n"), "the distance of samples"},
		"no stacks":               {jemalloc(""), "it has no stacks: is profiling switched on"},
		"no addresses":            {jemalloc("@\n"), "a stack has 1 to 1024 addresses, not 0"},
		"endless stack":           {jemalloc("@" + strings.Repeat(" 0x1", 2000)), "not 2000"},
		"no address":              {jemalloc("@ 0x1 main\n"), `"main" is no address`},
		"null":                    {jemalloc("@ 0x0\n"), `"0x0" is no address`},
		"negative":                {jemalloc("@ 0x1\n t*: -1: 5 [0: 0]\n"), `"-1" is no number of objects`},
		"overflow":                {jemalloc("@ 0x1\n t*: 1: 99999999999999999999 [0: 0]\n"), "is no number of bytes"},
		"overflow when scaled":    {jemalloc(fmt.Sprintf("@ 0x1\n t*: %d: 1 [0: 0]\n", int64(math.MaxInt64))), "more than 2^63"},
		"cut off":                 {jemalloc("@ 0x1\n t*: 1\n"), "figures are such as"},
		"too many":                {jemalloc(addresses.String()), "would take more than 416 MiB"},
		"gperftools, cut off":     {[]byte("heap profile: 1: 2 [1: 2] @ heapprofile\n 1: 2 [ 1: 2 @ 0x1\n"), "gperftools' text cannot be read"},
		"gperftools, negative":    {[]byte("heap profile: 1: 2 [1: 3] @ heapprofile\n -1: -2 [ 1: 2] @ 0x1\n"), "negative value"},
		"gperftools, a line each": {[]byte("heap profile: 1: 2 [1: 2] @ heapprofile\n" + strings.Repeat("\n", 2<<20)), "would take more than 416 MiB"},
		"sums overflow":           {jemalloc(strings.Repeat(fmt.Sprintf("@ 0x1\n t*: 1: %d [0: 0]\n", int64(math.MaxInt64/2)), 4)), "add up to more than 2^63"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := AsPprof(tt.raw)
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err := AsPprof(jemalloc(many))
	require.NoError(t, err)
}

func TestHeapURL(t *testing.T) {
	text, err := os.ReadFile("testdata/foreign/jemalloc-1.heap")
	require.NoError(t, err)
	answer := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	defer server.Close()
	h := HeapURL{URL: server.URL + "/debug/heap?secret=1", Timeout: 200 * time.Millisecond}
	raw, err := h.Heap(t.Context())
	require.NoError(t, err)
	_, err = parseHeap(raw)
	require.NoError(t, err)

	answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	_, err = h.Heap(t.Context())
	require.ErrorContains(t, err, "/debug/heap: 401 Unauthorized")
	assert.NotContains(t, err.Error(), "secret")
	answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }
	_, err = h.Heap(t.Context())
	require.ErrorContains(t, err, "200 OK, but an HTML page")
	answer = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	_, err = h.Heap(t.Context())
	require.ErrorContains(t, err, "no whole answer within 200ms")
}

func FuzzAsPprof(f *testing.F) {
	for _, name := range []string{"jemalloc-1", "gperftools-1"} {
		text, err := os.ReadFile("testdata/foreign/" + name + ".heap")
		require.NoError(f, err)
		f.Add(text[:1500])
	}
	f.Add(uncompressed(f, small))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := AsPprof(raw); err == nil {
			_, err = parseHeap(p)
			require.NoError(t, err)
		}
	})
}
