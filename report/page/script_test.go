package page

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/report"
)

var recordKey = regexp.MustCompile(`\brecord((?:\.[a-z_]+)+)`)

// TestScriptReadsWhatRecordsHave: the page's script has the record as JSON. A key that was
// renamed there would only be missed where a browser runs it.
func TestScriptReadsWhatRecordsHave(t *testing.T) {
	script, err := os.ReadFile("chart.js")
	require.NoError(t, err)
	var schema map[string]any
	require.NoError(t, json.Unmarshal([]byte(report.JSONSchema), &schema))
	keys := recordKey.FindAllSubmatch(script, -1)
	require.NotEmpty(t, keys)
	for _, m := range keys {
		path := strings.Split(strings.TrimPrefix(string(m[1]), "."), ".")
		if path[len(path)-1] == "replace" {
			continue // the text's, before it is read
		}
		assert.True(t, hasKeys(schema, path), "a record has no %s", strings.Join(path, "."))
	}
}

// hasKeys tells whether objects of that schema can have the first key, and so on.
func hasKeys(schema map[string]any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	properties, _ := schema["properties"].(map[string]any)
	next, ok := properties[path[0]].(map[string]any)
	if !ok {
		next, ok = schema["additionalProperties"].(map[string]any)
	}
	return ok && hasKeys(next, path[1:])
}
