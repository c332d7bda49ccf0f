package report

import (
	"testing"
	"time"

	"github.com/memgate/memgate/profile/heap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKnownGrowth(t *testing.T) {
	day := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	run := func(known ...Known) *Record {
		r := leakingRun() // on 14 March
		r.Known = known
		return r
	}
	for name, tt := range map[string]struct {
		known Known
		bytes float64
		says  string
	}{
		"used":             {Known{`main\.newSession`, 2000, "#12", day}, 2000, `known growth of "main\\.newSession" (#12, until 2026-03-15): main.newSession grew by 1,486 B/request of 2,000 B that are put up with`},
		"by its stack":     {Known{`sessionStore\)\.open$`, 2000, "#12", day}, 2000, "main.newSession grew by 1,486 B/request"},
		"fits two":         {Known{`main\.handleOrder`, 2000, "#12", day}, 2000, "grew by 1,765 B/request"},
		"expired today":    {Known{`main\.newSession`, 2000, "#12", day.AddDate(0, 0, -1)}, 0, "has expired and is judged as any other"},
		"unused":           {Known{`main\.gone`, 2000, "#12", day}, 0, "fits nothing that grew: take it out"},
		"of what shrank":   {Known{`main\.loadCatalog`, 2000, "#12", day}, 0, "fits nothing that grew"},
		"damaged on disk":  {Known{`(`, 2000, "#12", day}, 0, "fits nothing that grew"},
		"without a reason": {Known{`main\.newSession`, 2000, "", day}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(tt.known)
			assert.Equal(t, tt.bytes, r.KnownGrowth())
			assert.Equal(t, tt.bytes, r.Evidence().Allowed)
			findings := r.KnownInWords()
			require.Len(t, findings, 1)
			assert.Contains(t, findings[0].Text, tt.says)
		})
	}
	r := run(Known{`main\.newSession`, 2000, "#12", day}, Known{`main\.\(\*sessionStore`, 300, "#13", day})
	r.AllowedGrowth = 10
	assert.Equal(t, 2310.0, r.Evidence().Allowed)
	r.Heaps = nil
	assert.Contains(t, r.KnownInWords()[0].Text, "could not be checked")
}

func TestKnownValidate(t *testing.T) {
	good := Known{`main\.f`, 1, "#1", time.Now()}
	require.NoError(t, good.Validate())
	for want, change := range map[string]func(*Known){
		"has no Func":              func(k *Known) { k.Func = "" },
		"missing closing )":        func(k *Known) { k.Func = "main.(" },
		"PerRequest is 0: set the": func(k *Known) { k.PerRequest = 0 },
		"has no Reason":            func(k *Known) { k.Reason = " " },
		"has no Until":             func(k *Known) { k.Until = time.Time{} },
	} {
		k := good
		change(&k)
		assert.ErrorContains(t, k.Validate(), want)
	}
	assert.Empty(t, (&Record{Growth: []heap.Site{{Func: "f"}}}).KnownInWords())
}
