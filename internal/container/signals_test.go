package container

import (
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeeperCleansThenPassesTheSignalOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		k := &keeper{
			clean: func(context.Context) { order = append(order, "clean") },
			pass:  func(_ chan os.Signal, sig os.Signal) { order = append(order, sig.String()) },
		}
		signals := make(chan os.Signal, 2)
		signals <- syscall.SIGTERM
		k.wait(signals, make(chan struct{}))
		assert.Equal(t, []string{"clean", "terminated"}, order)
		assert.ErrorIs(t, k.enter(), errInterrupted, "nothing new is begun")
	})
}

func TestKeeperDoesNotWaitForever(t *testing.T) {
	for name, second := range map[string]bool{"second signal": true, "five seconds": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := make(chan struct{})
				defer close(hang)
				passed := false
				k := &keeper{clean: func(context.Context) { <-hang }, pass: func(chan os.Signal, os.Signal) { passed = true }}
				signals := make(chan os.Signal, 2)
				signals <- os.Interrupt
				if second {
					signals <- os.Interrupt
				}
				began := time.Now()
				k.wait(signals, make(chan struct{}))
				assert.True(t, passed)
				if second {
					assert.Zero(t, time.Since(began))
				} else {
					assert.Equal(t, interruptWait, time.Since(began))
				}
			})
		})
	}
}

func TestKeeperListensOnlyWhileSomethingLives(t *testing.T) {
	k := &keeper{}
	require.NoError(t, k.enter())
	quit := k.quit
	require.NoError(t, k.enter())
	k.leave()
	select {
	case <-quit:
		t.Fatal("one is still alive")
	default:
	}
	k.leave()
	<-quit
}
