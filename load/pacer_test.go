package load

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPacerDropsWhatIsTooLate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rate    float64
		slot    uint64
		elapsed time.Duration
		want    uint64 // slot that is sent next
	}{
		{"in time", 100, 10, 100 * time.Millisecond, 10},
		{"a pause is made up for", 100, 10, 200 * time.Millisecond, 10},
		{"a stall is not", 100, 10, 10 * time.Second, 990},
		{"slow rate, overtaken", 0.1, 1, 31 * time.Second, 3},
		{"slow rate, late but not overtaken", 0.1, 1, 19 * time.Second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &pacer{rate: tt.rate, duration: time.Hour, sending: t.Context(), slot: tt.slot}
			p.drop(tt.elapsed)
			assert.Equal(t, tt.want, p.slot)
		})
	}
}

func TestPacerWaitsUntilDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		start := time.Now()
		p := &pacer{rate: 0.2, duration: 9 * time.Second, sending: ctx}
		for _, want := range []struct {
			at   time.Duration
			stop bool
		}{{0, false}, {5 * time.Second, false}, {9 * time.Second, true}} {
			sleep, stop := p.Pace(time.Since(start), 0)
			assert.Zero(t, sleep, "Vegeta's own sleep cannot be aborted")
			assert.Equal(t, want.stop, stop)
			assert.Equal(t, want.at, time.Since(start))
		}
	})
}
