package memtest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/faketarget"
	"github.com/memgate/memgate/memtest"
	"github.com/memgate/memgate/report"
)

// TestHoldersOfATargetThatCannotBeRead: what a run says where it cannot look.
func TestHoldersOfATargetThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		mode         memtest.HeapWalk
		retains      uint64
		whyNot, fail string
	}{
		{"auto says why", memtest.HeapWalkAuto, 1000, "only the heap of a Go program in a container or a process", ""},
		{"auto has nothing to say of a healthy one", memtest.HeapWalkAuto, 0, "", ""},
		{"off says nothing", memtest.HeapWalkOff, 1000, "", ""},
		{"required fails", memtest.HeapWalkRequired, 0, "", "as Scenario.HeapWalk requires"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r *report.Record
			var err error
			synctest.Test(t, func(t *testing.T) {
				target := &faketarget.Target{Retains: tt.retains}
				s := scenario(target)
				s.HeapWalk = tt.mode
				r, err = memtest.Measure(t.Context(), s)
			})
			if tt.fail != "" {
				require.ErrorContains(t, err, tt.fail)
				require.NotNil(t, r, "what was measured is there")
				return
			}
			require.NoError(t, err)
			assert.Empty(t, r.Retainers)
			if tt.whyNot == "" {
				assert.Empty(t, r.RetainersWhyNot)
				return
			}
			assert.Contains(t, r.RetainersWhyNot, tt.whyNot)
			assert.ErrorContains(t, memtest.CheckLeak(r), "held   not known by whom: "+tt.whyNot)
		})
	}
}
