// Package theme is what all pages look like.
package theme

import (
	_ "embed"
	"html/template"
)

//go:embed style.css
var css string

// CSS returns the style sheet of all pages.
func CSS() template.CSS { return template.CSS("\n" + css) }
