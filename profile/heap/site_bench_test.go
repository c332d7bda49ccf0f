package heap

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// generated is a series of profiles of one program with that many stacks, ten to forty
// frames deep, in which one function leaks. A third of the stacks holds no live memory.
func generated(t testing.TB, profiles, stacks int) []Profile {
	rng := rand.New(rand.NewPCG(1, 2))
	frames := make([]string, 2000+stacks/10)
	for i := range frames {
		pkg := []string{"net/http", "encoding/json", "github.com/acme/shop/internal/orders", "github.com/lib/pq", "main"}[i%5]
		frames[i] = fmt.Sprintf("%s.(*type%d).method%d /src/%s/file%d.go:%d", pkg, i/50, i, pkg, i/30, i%1000)
	}
	leaking := stack{frames: []string{grow, put, frames[1], frames[0]}}
	all := make([]stack, stacks)
	for i, f := 0, 0; i < len(all); i++ {
		for at := range 10 + rng.IntN(30) { // every function calls four others
			f = (f*4*min(at, 1) + rng.IntN(4)) % len(frames)
			all[i].frames = append(all[i].frames, frames[f])
		}
		slices.Reverse(all[i].frames)
		if i%3 > 0 {
			all[i].objects = 1 + rng.Int64N(1000)
			all[i].bytes = all[i].objects * (16 + rng.Int64N(4096))
		}
	}
	var series []Profile
	for i := range profiles {
		leaking.bytes, leaking.objects = int64(i+1)<<24, int64(i+1)<<10
		p := built(524288, append(all, leaking)...)
		series = append(series, Profile{Requests: uint64(i) * 1000, Raw: gzipped(t, p)})
	}
	return series
}

// Two profiles of 10 MB, and beside them what go tool pprof takes for the same.
func BenchmarkGrowthOfTwo(b *testing.B) {
	series := generated(b, 2, 155_000)
	b.Run("memgate", func(b *testing.B) { benchmarkGrowth(b, series) })
	b.Run("go-tool-pprof", func(b *testing.B) {
		dir := b.TempDir()
		files := []string{filepath.Join(dir, "first.pb.gz"), filepath.Join(dir, "last.pb.gz")}
		for i, file := range files {
			require.NoError(b, os.WriteFile(file, series[i].Raw, 0o600))
		}
		// The first call of go tool builds pprof; it is not what is measured.
		require.NoError(b, exec.CommandContext(b.Context(), "go", "tool", "pprof", "-h").Run())
		for b.Loop() {
			out, err := exec.CommandContext(b.Context(), "go", "tool", "pprof", "-top", "-sample_index=inuse_space", "-diff_base", files[0], files[1]).CombinedOutput()
			require.NoError(b, err, string(out))
		}
	})
}

// A series of twenty profiles of 1 MB.
func BenchmarkGrowthOfTwenty(b *testing.B) { benchmarkGrowth(b, generated(b, 20, 17_500)) }

func benchmarkGrowth(b *testing.B, series []Profile) {
	b.ReportAllocs()
	b.ReportMetric(float64(len(series[0].Raw))/1e6, "MB/profile")
	for b.Loop() {
		sites, err := Growth(series)
		require.NoError(b, err)
		require.Equal(b, "main.(*store).put", sites[0].Func)
	}
	b.ReportMetric(float64(len(series[0].Raw))/1e6, "MB/profile")
}
