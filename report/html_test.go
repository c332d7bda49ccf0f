package report

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func asHTML(t testing.TB, r *Record) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.HTML(&b))
	return b.Bytes()
}
