package golang

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInfoShowsWhatDecidesWhenItCollects(t *testing.T) {
	for _, tt := range []struct {
		vars []string
		want string
	}{
		{[]string{"PATH=/bin", "GOGC=50", "GOMEMLIMIT=200MiB", "TOKEN=x"}, "GOGC=50 GOMEMLIMIT=200MiB"},
		{[]string{"GOGC=off", "GOMEMLIMIT=hunter2 or so"}, "GOGC=off"},
		{nil, ""},
	} {
		info := New(Spec{Version: "go1.26.8", Vars: tt.vars}).Info()
		assert.Equal(t, tt.want, info.Settings)
		assert.Equal(t, "go1.26.8", info.Version)
		assert.Equal(t, "Go heap", info.Heap)
	}
}

// beside is a program beside the target that answers with those bytes.
type beside struct {
	answer  string
	runs    int
	stopped bool
}

func (b *beside) Run(context.Context, ...string) ([]byte, error) {
	b.runs++
	return []byte(b.answer), nil
}

func (b *beside) Stop(context.Context) error {
	b.stopped = true
	return nil
}

func TestWalkGoesBesideTheTargetWhereItMayNotLookIn(t *testing.T) {
	program := &beside{answer: `{"Nodes":[{}],"Bytes":7}`}
	r := New(Spec{
		PID: func(context.Context) (int, error) { return 0, errors.New("hidden") },
		Beside: func(_ context.Context, goPackage string) (Companion, error) {
			assert.Equal(t, readerPackage, goPackage)
			return program, nil
		},
	})
	for n := range 2 {
		paths, err := r.Walk(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, 7, paths.Bytes)
		assert.Equal(t, n+1, program.runs, "one program for all walks")
	}
	program.answer = "damaged"
	_, err := r.Walk(t.Context())
	require.ErrorContains(t, err, "path table")
	require.NoError(t, r.Close(t.Context()))
	assert.True(t, program.stopped)
}

func TestWalkThatIsNotPossibleSaysWhy(t *testing.T) {
	hidden := func(context.Context) (int, error) { return 0, errors.New("hidden") }
	_, err := New(Spec{}).Walk(t.Context())
	require.ErrorIs(t, err, errNowhere)

	_, err = New(Spec{PID: hidden}).Walk(t.Context())
	require.ErrorIs(t, err, fs.ErrPermission, "there is no other way")

	refused := New(Spec{PID: hidden, Beside: func(context.Context, string) (Companion, error) { return nil, errors.New("no space") }})
	_, err = refused.Walk(t.Context())
	require.ErrorContains(t, err, "may not look into the target (permission denied: hidden), and no reader could be put beside it: no space")
	require.NoError(t, refused.Close(t.Context()))

}
