package report

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible is r without secrets and with every string fit to be shown: what the target,
// its code and its log put there cannot reverse the text around it, hide in it or drive
// a terminal.
func (r *Record) visible() *Record {
	v := mappedValue(reflect.ValueOf(*r.masked()), holdsStrings, visibleText).Interface().(Record)
	return &v
}

// mappedValue copies the values whose type is chosen, with do done to their strings,
// and shares the rest.
func mappedValue(v reflect.Value, chosen func(reflect.Type) bool, do func(string) string) reflect.Value {
	if !chosen(v.Type()) {
		return v
	}
	made := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		made.SetString(do(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				made.Field(i).Set(mappedValue(v.Field(i), chosen, do))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		made = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			made.Index(i).Set(mappedValue(v.Index(i), chosen, do))
		}
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		made = reflect.MakeMap(v.Type())
		for k, e := range v.Seq2() {
			made.SetMapIndex(mappedValue(k, chosen, do), mappedValue(e, chosen, do))
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
	if r >= ' ' && r < 0x7f || r == '\n' || r == '\t' {
		return false
	}
	if r&0xfffe == 0xfffe { // no character, and forbidden in XML
		return true
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
