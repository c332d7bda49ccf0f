package container

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/memgate/memgate/profile"
)

const (
	statsEvery = time.Second     // the engine's own pace, which nothing changes
	statsStale = 3 * time.Second // a record that is older says nothing of now
	statsBytes = 1 << 20         // more than any record has
)

// stream samples by a stream of records, one a second as a rule, the last of which is
// handed out: the engine's stats, or what a shell in the container reads. It is what is
// left where the cgroup's files cannot be seen from here.
type stream struct {
	name   string // for errors
	open   func(context.Context) (io.ReadCloser, error)
	split  bufio.SplitFunc // parts the records; nil: a line each
	parse  func(record []byte) (profile.Memory, error)
	lives  func(context.Context) error // nil, an error wrapping profile.ErrGone, or why it cannot be known
	stale  time.Duration
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex
	last  profile.Memory
	at    time.Time // when last came; zero before the first
	err   error     // why there is none newer
	first chan struct{}
}

var _ profile.Sampler = (*stream)(nil)

// newStatsStream reads the engine's stats until Close.
func (c *Container) newStatsStream(ctx context.Context) *stream {
	limit := uint64(max(0, c.info.Limit)) // as inspect has it: without one, the API tells the machine's memory
	s := &stream{
		name: Stats,
		open: func(ctx context.Context) (io.ReadCloser, error) {
			res, err := c.eng.ContainerStats(ctx, c.id, client.ContainerStatsOptions{Stream: true})
			return res.Body, err
		},
		parse: func(record []byte) (profile.Memory, error) { return parseStats(record, limit) },
		lives: c.thisLife(ctx),
		stale: statsStale,
	}
	s.start(ctx)
	return s
}

// lives asks the engine whether the container runs.
func (c *Container) lives(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	ctr, err := c.inspect(ctx)
	switch {
	case errdefs.IsNotFound(err):
		return fmt.Errorf("%w: %w", profile.ErrGone, err)
	case err != nil:
		return err
	case lifeOf(ctr) != runs:
		return fmt.Errorf("container %.12s does not run: %w", c.id, profile.ErrGone)
	}
	return nil
}

// thisLife returns lives for the life that the container lives now: once its restart policy
// has revived it, that one is gone.
func (c *Container) thisLife(ctx context.Context) func(context.Context) error {
	began := func(ctx context.Context) string {
		ctr, err := c.inspect(ctx)
		if err != nil || ctr.State == nil {
			return ""
		}
		return ctr.State.StartedAt
	}
	first := began(ctx)
	return func(ctx context.Context) error {
		if err := c.lives(ctx); err != nil || !c.info.Restarts {
			return err
		}
		if now := began(ctx); now != "" && now != first {
			return fmt.Errorf("container %.12s was started again: %w", c.id, profile.ErrGone)
		}
		return nil
	}
}

// state asks the engine what becomes of the container.
func (c *Container) state(ctx context.Context) life {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	ctr, err := c.inspect(ctx)
	switch {
	case errdefs.IsNotFound(err):
		return over
	case err != nil:
		return unclear
	}
	return lifeOf(ctr)
}

func lifeOf(ctr container.InspectResponse) life {
	switch {
	case ctr.State == nil:
		return over
	case ctr.State.Restarting:
		return between
	case ctr.State.Running:
		return runs
	}
	return over
}

func (s *stream) start(ctx context.Context) {
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.first = make(chan struct{})
	s.work.Go(func() { s.run(ctx) })
}

// Close ends the stream, and returns when nothing of it runs any more.
func (s *stream) Close() error {
	s.cancel()
	s.work.Wait()
	return nil
}

// run reads streams until ctx ends or the container is gone. A stream that ends while
// the container lives is opened again, at the pace of records.
func (s *stream) run(ctx context.Context) {
	for {
		err := s.read(ctx)
		if ctx.Err() != nil {
			return
		}
		if alive := s.lives(ctx); errors.Is(alive, profile.ErrGone) {
			s.fail(alive)
			return
		}
		s.fail(err)
		if sleep(ctx, min(statsEvery, s.stale)) != nil {
			return
		}
	}
}

// read takes records from one stream until it ends.
func (s *stream) read(ctx context.Context) error {
	body, err := s.open(ctx)
	if err != nil {
		return fmt.Errorf("open stream of %s: %w", s.name, err)
	}
	defer body.Close()
	records := bufio.NewScanner(body)
	records.Buffer(make([]byte, 0, 8<<10), statsBytes)
	if s.split != nil {
		records.Split(s.split)
	}
	for records.Scan() {
		m, err := s.parse(records.Bytes())
		if err != nil {
			return err // of a container that is about to go, as a rule: ask whether it lives
		}
		if err := s.lives(ctx); errors.Is(err, profile.ErrGone) {
			return err // a stream may go on into another life
		}
		s.put(m)
	}
	if err := records.Err(); err != nil {
		return fmt.Errorf("read stream of %s: %w", s.name, err)
	}
	return fmt.Errorf("read stream of %s: it ended", s.name)
}

func (s *stream) put(m profile.Memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() {
		close(s.first)
	}
	s.last, s.at, s.err = m, time.Now(), nil
}

func (s *stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Sample hands out the last record, of at most a second ago as a rule. It waits for
// the first one. A record older than 3 s is an error: it says nothing of now.
func (s *stream) Sample(ctx context.Context, m *profile.Memory) error {
	ctx, cancel := context.WithTimeout(ctx, s.stale)
	defer cancel()
	select {
	case <-s.first:
	default:
		select {
		case <-s.first:
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	age := time.Since(s.at)
	switch {
	case errors.Is(s.err, profile.ErrGone):
		return fmt.Errorf("sample by %s: %w", s.name, s.err)
	case s.at.IsZero():
		return fmt.Errorf("sample by %s: no record within %s (%w)", s.name, s.stale, errors.Join(s.err, ctx.Err()))
	case age > s.stale:
		return fmt.Errorf("sample by %s: the last record is %.1f s old (%w): the engine is busy or restarts", s.name, age.Seconds(), s.err)
	}
	*m = s.last
	return nil
}

// statsRecord is what is read of a record. Pointers tell a missing figure from 0.
type statsRecord struct {
	Read   time.Time `json:"read"`
	Memory struct {
		Usage *uint64           `json:"usage"`
		Stats map[string]uint64 `json:"stats"`
	} `json:"memory_stats"`
}

var errEmptyRecord = errors.New("parse stats: an empty record: the container does not run")

// parseStats reads one record. The engine answers for a container that does not run
// as well, with a time in year 1 and no figures: that is errEmptyRecord and not a
// sample of 0 bytes.
func parseStats(record []byte, limit uint64) (profile.Memory, error) {
	var r statsRecord
	if err := json.Unmarshal(record, &r); err != nil {
		return profile.Memory{}, fmt.Errorf("parse stats: %w", err)
	}
	if r.Memory.Usage == nil || *r.Memory.Usage == 0 || r.Read.Year() <= 1 {
		return profile.Memory{}, errEmptyRecord
	}
	m := profile.Memory{Usage: *r.Memory.Usage, Limit: limit}
	have := []profile.Field{profile.Usage, profile.Limit}
	for field, keys := range statsKeys {
		for _, key := range keys {
			if v, ok := r.Memory.Stats[key]; ok {
				*m.Figure(field) = v
				have = append(have, field)
				break
			}
		}
	}
	if slices.Contains(have, profile.InactiveFile) { // Podman's API has usage alone
		m.WorkingSet = m.Usage - min(m.InactiveFile, m.Usage)
		have = append(have, profile.WorkingSet)
	}
	m.Missing = profile.AllFieldsExcept(have...)
	return m, nil
}

// statsKeys are the keys of a figure in memory_stats.stats, which is the kernel's
// memory.stat: as cgroup v1 names it with its descendants, then as v2 does.
var statsKeys = map[profile.Field][]string{
	profile.Anon:         {"total_rss", "anon"},
	profile.File:         {"total_cache", "file"},
	profile.InactiveFile: {"total_inactive_file", "inactive_file"},
	profile.ActiveFile:   {"total_active_file", "active_file"},
	profile.Shmem:        {"total_shmem", "shmem"},
	profile.Unevictable:  {"total_unevictable", "unevictable"},
	profile.Swap:         {"total_swap"},
	profile.Sock:         {"sock"},
	profile.MajorFaults:  {"total_pgmajfault", "pgmajfault"},
}
