package container

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/profile"
)

// A PID that is not on this machine looks as one of a process that has ended.
func TestOnlyTheEngineSaysThatTheTargetIsGone(t *testing.T) {
	notHere := fmt.Errorf("find memory cgroup of process 7: %w", profile.ErrGone)
	ended := fmt.Errorf("container x does not run: %w", profile.ErrGone)
	err := unlessGone(nil, notHere)
	assert.NotErrorIs(t, err, profile.ErrGone, "it runs: ask the engine for figures")
	assert.EqualError(t, err, notHere.Error(), "the reason is kept")
	assert.NotErrorIs(t, unlessGone(errors.New("engine restarts"), notHere), profile.ErrGone)
	assert.ErrorIs(t, unlessGone(ended, notHere), profile.ErrGone)
}
