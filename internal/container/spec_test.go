package container

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpecCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec Spec
		want string
	}{
		{"nothing", Spec{}, "no image is named"},
		{"two images", Spec{Ref: "a", GoPackage: "./b", Port: 80}, `image "a" and Go package "./b" are named`},
		{"Dockerfile alone", Spec{Ref: "a", Dockerfile: "D", Port: 80}, "has no build context"},
		{"no port", Spec{Ref: "a"}, "port 0"},
		{"port too high", Spec{Ref: "a", Port: 65536}, "port 65536"},
		{"pprof port", Spec{Ref: "a", Port: 80, PprofPort: -1}, "pprof port -1"},
		{"negative limit", Spec{Ref: "a", Port: 80, Memory: -1}, "negative"},
		{"swap without limit", Spec{Ref: "a", Port: 80, Swap: 1}, "memory limit that is not set"},
		{"reservation above limit", Spec{Ref: "a", Port: 80, Memory: 1, Reservation: 2}, "above the memory limit"},
		{"ready path", Spec{Ref: "a", Port: 80, ReadyPath: "healthz"}, "begin it with /"},
		{"source", Spec{Ref: "a", Port: 80, Source: "guess"}, `memory source "guess"`},
		{"ready wait", Spec{Ref: "a", Port: 80, ReadyWait: -time.Second}, "ready wait of -1s"},
		{"good", Spec{Ref: "a", Port: 80, Memory: 2, Reservation: 1, Swap: 1}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.spec.check()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestSpecDefaults(t *testing.T) {
	assert.Equal(t, 60*time.Second, Spec{}.readyWait())
	assert.Equal(t, 8080, Spec{Port: 8080}.pprofPort())
	assert.Equal(t, 6060, Spec{Port: 8080, PprofPort: 6060}.pprofPort())
}
