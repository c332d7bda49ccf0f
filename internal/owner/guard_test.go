package owner

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
			pass: func(_ chan os.Signal, sig os.Signal) { order = append(order, sig.String()) },
		}
		k.live = map[*Cleaner]int{{Clean: func(context.Context) { order = append(order, "clean") }}: 1}
		signals := make(chan os.Signal, 2)
		signals <- syscall.SIGTERM
		k.wait(signals, make(chan struct{}))
		assert.Equal(t, []string{"clean", "terminated"}, order)
		assert.ErrorIs(t, k.enter(&Cleaner{}), ErrInterrupted, "nothing new is begun")
	})
}

func TestKeeperDoesNotWaitForever(t *testing.T) {
	for name, second := range map[string]bool{"second signal": true, "five seconds": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := make(chan struct{})
				defer close(hang)
				passed := false
				k := &keeper{pass: func(chan os.Signal, os.Signal) { passed = true }}
				k.live = map[*Cleaner]int{{Clean: func(context.Context) { <-hang }}: 1}
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
					assert.Equal(t, InterruptWait, time.Since(began))
				}
			})
		})
	}
}

func TestKeeperListensOnlyWhileSomethingLives(t *testing.T) {
	k, containers, processes := &keeper{}, &Cleaner{}, &Cleaner{}
	require.NoError(t, k.enter(containers))
	quit := k.quit
	require.NoError(t, k.enter(processes))
	k.leave(containers)
	select {
	case <-quit:
		t.Fatal("one is still alive")
	default:
	}
	k.leave(processes)
	<-quit
}
