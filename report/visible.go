package report

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible is r with every string fit to be shown: what the target, its code and its
// log put there cannot reverse the text around it, hide in it or drive a terminal.
func (r *Record) visible() *Record {
	shown := reflect.New(reflect.TypeFor[Record]()).Elem()
	shown.Set(visibleValue(reflect.ValueOf(*r)))
	v := shown.Interface().(Record)
	return &v
}

// visibleValue copies what holds strings and shares the rest.
func visibleValue(v reflect.Value) reflect.Value {
	if !holdsStrings(v.Type()) {
		return v
	}
	made := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		made.SetString(visibleText(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				made.Field(i).Set(visibleValue(v.Field(i)))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		made = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			made.Index(i).Set(visibleValue(v.Index(i)))
		}
	case reflect.Map:
		made = reflect.MakeMap(v.Type())
		for k, e := range v.Seq2() {
			made.SetMapIndex(visibleValue(k), visibleValue(e))
		}
	}
	return made
}

// holdsStrings tells whether a value of t may hold a string. Times do, in their
// location, and are left alone: they are always written in UTC.
func holdsStrings(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String:
		return true
	case reflect.Slice:
		return holdsStrings(t.Elem())
	case reflect.Map:
		return holdsStrings(t.Key()) || holdsStrings(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && holdsStrings(f.Type) {
				return true
			}
		}
	}
	return false
}

// visibleText is s with a visible sign for each rune that is none: control characters
// become their pictures (NUL ␀), format characters such as bidi marks their code
// point. Line ends and tabs stay.
func visibleText(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, invisible) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !invisible(r):
			b.WriteRune(r)
		case r < ' ':
			b.WriteRune('␀' + r)
		case r == 0x7f:
			b.WriteRune('␡')
		default:
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		}
	}
	return b.String()
}

func invisible(r rune) bool {
	if r == '\n' || r == '\t' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// oneLine is s with its line ends made visible, and cut to n runes.
func oneLine(s string, n int) string {
	s = strings.NewReplacer("\n", "␊", "\t", " ").Replace(strings.TrimRight(s, " \n"))
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}
