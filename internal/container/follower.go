package container

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/moby/moby/api/types/container"

	"github.com/memgate/memgate/profile"
)

// life is what becomes of a container.
type life int

const (
	unclear life = iota // the engine does not say
	runs
	between // two lives: its restart policy is about to revive it
	over
)

// revived tells whether a container that has ended lives again, or is about to.
func revived(ctr container.InspectResponse) bool {
	l := lifeOf(ctr)
	return l == between || l == runs && ctr.RestartCount > 0
}

// follower samples a container through all its lives. A life's figures begin anew, in
// another cgroup.
type follower struct {
	open  func(context.Context) (Source, error)
	state func(context.Context) life

	mu   sync.Mutex // guards what follows: processes are listed while another goroutine samples
	now  Source
	lost bool // now is closed
}

var _ profile.Sampler = (*follower)(nil)

// Sample samples the life that is lived now. The first call in a new one fails with an
// error that wraps profile.ErrRevived; one between two lives fails too.
func (f *follower) Sample(ctx context.Context, m *profile.Memory) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.lost {
		err := f.now.Sample(ctx, m)
		if !errors.Is(err, profile.ErrGone) {
			return err
		}
		f.lost = true
		_ = f.now.Close()
	}
	switch f.state(ctx) {
	case over:
		return fmt.Errorf("sample container: %w", profile.ErrGone)
	case runs:
	default:
		return errors.New("sample container: it has ended, and its restart policy has not revived it yet")
	}
	source, err := f.open(ctx)
	if err != nil {
		return unlessGone(nil, err) // it may be the end of the life before
	}
	f.now, f.lost = source, false
	return fmt.Errorf("sample container: %w", profile.ErrRevived)
}

// ResetPeak resets the peak of the life that is lived now.
func (f *follower) ResetPeak() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost {
		return errors.ErrUnsupported
	}
	return f.now.ResetPeak()
}

// processes returns those of the life that is lived now.
func (f *follower) processes() ([]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost || f.now.Processes == nil {
		return nil, errors.ErrUnsupported
	}
	return f.now.Processes()
}

// Close closes the source of the life that is lived now.
func (f *follower) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost {
		return nil
	}
	f.lost = true
	return f.now.Close()
}
