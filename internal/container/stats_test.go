package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

const (
	recordV1 = `{"read":"2026-01-02T03:04:05Z","memory_stats":{"usage":1000,"max_usage":2000,"limit":5000,"stats":{"total_rss":600,"rss":1,"total_cache":300,"total_inactive_file":100,"inactive_file":1,"total_active_file":200,"total_shmem":7}}}`
	recordV2 = `{"read":"2026-01-02T03:04:05Z","memory_stats":{"usage":1000,"limit":5000,"stats":{"anon":600,"file":300,"inactive_file":100,"active_file":200,"shmem":7,"sock":50,"new_in_7_2":1}}}`
	podman   = `{"read":"2026-01-02T03:04:05Z","memory_stats":{"usage":1000,"limit":5000}}`
	stopped  = `{"read":"0001-01-01T00:00:00Z","memory_stats":{}}`
)

func TestParseStats(t *testing.T) {
	full := profile.Memory{Usage: 1000, WorkingSet: 900, Anon: 600, File: 300, InactiveFile: 100, ActiveFile: 200, Shmem: 7, Limit: 64}
	had := []profile.Field{profile.Usage, profile.Limit, profile.WorkingSet, profile.Anon, profile.File, profile.InactiveFile, profile.ActiveFile, profile.Shmem}
	v1, v2 := full, full
	v1.Missing = profile.AllFieldsExcept(had...)
	v2.Sock, v2.Missing = 50, profile.AllFieldsExcept(append(had, profile.Sock)...)
	bare := profile.Memory{Usage: 1000, Limit: 64, Missing: profile.AllFieldsExcept(profile.Usage, profile.Limit)}
	for _, tt := range []struct {
		name, record string
		want         profile.Memory
		fails        string
	}{
		{"cgroup v1", recordV1, v1, ""},
		{"cgroup v2", recordV2, v2, ""},
		{"Podman", podman, bare, ""},
		{"stopped container", stopped, profile.Memory{}, "empty record"},
		{"no memory", `{"read":"2026-01-02T03:04:05Z"}`, profile.Memory{}, "empty record"},
		{"usage of 0", `{"read":"2026-01-02T03:04:05Z","memory_stats":{"usage":0}}`, profile.Memory{}, "empty record"},
		{"year 1 with figures", `{"memory_stats":{"usage":5}}`, profile.Memory{}, "empty record"},
		{"negative", `{"read":"2026-01-02T03:04:05Z","memory_stats":{"usage":-5}}`, profile.Memory{}, "parse stats"},
		{"too big", `{"read":"2026-01-02T03:04:05Z","memory_stats":{"usage":18446744073709551616}}`, profile.Memory{}, "parse stats"},
		{"half a record", recordV1[:50], profile.Memory{}, "parse stats"},
		{"no JSON", "<html>", profile.Memory{}, "parse stats"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseStats([]byte(tt.record), 64)
			if tt.fails != "" {
				assert.ErrorContains(t, err, tt.fails)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func FuzzParseStats(f *testing.F) {
	for _, record := range []string{recordV1, recordV2, podman, stopped} {
		f.Add([]byte(record))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		m, err := parseStats(record, 64)
		if err == nil && (m.Usage == 0 || m.WorkingSet > m.Usage) {
			t.Fatalf("%+v", m)
		}
		if err == nil && !json.Valid(record) {
			t.Fatal("accepted what is not JSON")
		}
	})
}

// feed is a stats stream that a test writes.
type feed struct {
	opened atomic.Int32
	pipes  chan *io.PipeReader
	alive  atomic.Value // of func() error
}

func newFeed() *feed {
	f := &feed{pipes: make(chan *io.PipeReader, 10)}
	f.alive.Store(func() error { return nil })
	return f
}

// stream is what the next open gets.
func (f *feed) stream() *io.PipeWriter {
	r, w := io.Pipe()
	f.pipes <- r
	return w
}

func (f *feed) sampler() *stream {
	s := &stream{
		name: Stats,
		open: func(ctx context.Context) (io.ReadCloser, error) {
			f.opened.Add(1)
			select {
			case r := <-f.pipes:
				context.AfterFunc(ctx, func() { _ = r.CloseWithError(ctx.Err()) })
				return r, nil
			default:
				return nil, errors.New("connection refused")
			}
		},
		lives: func(context.Context) error { return f.alive.Load().(func() error)() },
		parse: func(record []byte) (profile.Memory, error) { return parseStats(record, 64) },
		stale: statsStale,
	}
	s.start(context.Background())
	return s
}

func (f *feed) kill() {
	f.alive.Store(func() error { return fmt.Errorf("it does not run: %w", profile.ErrGone) })
}

func usage(n int) string {
	return strings.ReplaceAll(recordV2, `"usage":1000`, fmt.Sprintf(`"usage":%d`, n)) + "\n"
}

func TestStatsStreamHandsOutTheLastRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed()
		w := f.stream()
		s := f.sampler()
		defer s.Close()
		go func() {
			time.Sleep(2 * time.Second)
			_, _ = io.WriteString(w, usage(1000))
			time.Sleep(time.Second)
			_, _ = io.WriteString(w, usage(2000))
		}()
		var m profile.Memory
		require.NoError(t, s.Sample(t.Context(), &m), "it waits for the first")
		assert.EqualValues(t, 1000, m.Usage)
		time.Sleep(1500 * time.Millisecond)
		require.NoError(t, s.Sample(t.Context(), &m))
		assert.EqualValues(t, 2000, m.Usage)
	})
}

func TestStatsStreamStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed()
		w := f.stream()
		s := f.sampler()
		defer s.Close()
		m := profile.Memory{Usage: 4711}
		err := s.Sample(t.Context(), &m)
		assert.ErrorContains(t, err, "no record within 3s")
		_, _ = io.WriteString(w, usage(1000))
		synctest.Wait()
		require.NoError(t, s.Sample(t.Context(), &m))
		time.Sleep(3100 * time.Millisecond)
		err = s.Sample(t.Context(), &m)
		assert.ErrorContains(t, err, "3.1 s old")
		assert.NotErrorIs(t, err, profile.ErrGone, "it may come back")
		_, _ = io.WriteString(w, usage(3000))
		synctest.Wait()
		require.NoError(t, s.Sample(t.Context(), &m))
		assert.EqualValues(t, 3000, m.Usage)
	})
}

func TestStatsStreamIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed()
		w := f.stream()
		s := f.sampler()
		defer s.Close()
		_, _ = io.WriteString(w, usage(1000))
		_ = w.Close()
		time.Sleep(2500 * time.Millisecond) // refused meanwhile
		w = f.stream()
		_, _ = io.WriteString(w, usage(2000))
		synctest.Wait()
		var m profile.Memory
		require.NoError(t, s.Sample(t.Context(), &m))
		assert.EqualValues(t, 2000, m.Usage)
		assert.LessOrEqual(t, f.opened.Load(), int32(5), "at the pace of records")
	})
}

func TestStatsStreamOfADeadContainer(t *testing.T) {
	for name, end := range map[string]string{"empty record": stopped + "\n", "end of stream": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFeed()
				w := f.stream()
				s := f.sampler()
				defer s.Close()
				_, _ = io.WriteString(w, usage(1000))
				f.kill()
				_, _ = io.WriteString(w, end)
				_ = w.Close()
				synctest.Wait()
				m := profile.Memory{Usage: 4711}
				assert.ErrorIs(t, s.Sample(t.Context(), &m), profile.ErrGone)
				assert.EqualValues(t, 4711, m.Usage, "death is no sample")
			})
		})
	}
}

func TestStatsStreamEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed()
		f.stream()
		s := f.sampler()
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.ErrorIs(t, s.Sample(ctx, new(profile.Memory)), context.Canceled)
	})
}

func TestStatsStreamRefusesEndlessLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed()
		w := f.stream()
		s := f.sampler()
		defer s.Close()
		go func() { _, _ = io.WriteString(w, strings.Repeat("x", statsBytes+1)) }()
		err := s.Sample(t.Context(), new(profile.Memory))
		assert.ErrorContains(t, err, "no record")
	})
}
