package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
)

//go:embed chart.js
var chartSource string

// chartScript is chart.js without its indentation and lines of comment. It is the one
// script that the page's policy lets run: it names its hash.
var (
	chartScript = compact(chartSource)
	chartHash   = sha256.Sum256([]byte(chartScript))
)

func compact(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func scriptElement() template.HTML { return template.HTML("<script>" + chartScript + "</script>") }

func scriptHash() string { return "'sha256-" + base64.StdEncoding.EncodeToString(chartHash[:]) + "'" }
