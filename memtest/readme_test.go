package memtest_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestREADME compiles the README's Go: a reader's first test must work as it stands.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var code strings.Builder
	for _, block := range strings.Split(string(readme), "```go\n")[1:] {
		block, _, closed := strings.Cut(block, "\n```")
		require.True(t, closed, "a code block is not closed")
		code.WriteString(block + "\n")
	}
	require.NotEmpty(t, code.String(), "the README has a test to copy")

	dir := t.TempDir()
	source := filepath.Join(dir, "readme.go")
	require.NoError(t, os.WriteFile(source, []byte(`package memtest_test
import (
	"testing"
	"time"
	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/memtest"
)
`+code.String()), 0o600))

	here, err := os.Getwd()
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "zz_readme_test.go"): source}})
	require.NoError(t, err)
	overlayFile := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "vet", "-overlay", overlayFile, ".").CombinedOutput()
	require.NoError(t, err, "the README's code does not compile:\n%s", out)
}
