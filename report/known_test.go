package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/internal/tell"
	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/report"
)

func TestKnownValidate(t *testing.T) {
	good := report.Known{`main\.f`, 1, "#1", time.Now()}
	require.NoError(t, good.Validate())
	for want, change := range map[string]func(*report.Known){
		"has no Func":              func(k *report.Known) { k.Func = "" },
		"missing closing )":        func(k *report.Known) { k.Func = "main.(" },
		"PerRequest is 0: set the": func(k *report.Known) { k.PerRequest = 0 },
		"has no Reason":            func(k *report.Known) { k.Reason = " " },
		"has no Until":             func(k *report.Known) { k.Until = time.Time{} },
	} {
		k := good
		change(&k)
		assert.ErrorContains(t, k.Validate(), want)
	}
	assert.Empty(t, tell.Known((&report.Record{Sites: []heap.Site{{Func: "f"}}})))
}
