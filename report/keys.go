package report

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// recordKeys is Record with the keys of its JSON form. The types of profile and load
// have none of their own: one rule here names them all, and a field that they gain is
// recorded without further ado.
var recordKeys = keyed(reflect.TypeFor[Record]())

// keyed returns t with each field's JSON key: its name in snake case, with "_ns" where it is
// a duration. Fields that are marked json:"-" are left out.
func keyed(t reflect.Type) reflect.Type {
	switch {
	case writesItself(t):
		return t
	case t.Kind() == reflect.Slice:
		return reflect.SliceOf(keyed(t.Elem()))
	case t.Kind() != reflect.Struct:
		return t
	}
	var fields []reflect.StructField
	for _, f := range recorded(t) {
		fields = append(fields, reflect.StructField{
			Name: f.Name, Type: keyed(f.Type), Tag: reflect.StructTag(fmt.Sprintf("json:%q", key(f))),
		})
	}
	return reflect.StructOf(fields)
}

// recorded returns the fields of t that are written.
func recorded(t reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
			fields = append(fields, f)
		}
	}
	return fields
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// writesItself tells whether t has a JSON form of its own.
func writesItself(t reflect.Type) bool {
	return t.Implements(jsonMarshaler) || t.Implements(textMarshaler)
}

func key(f reflect.StructField) string {
	if f.Type == reflect.TypeFor[time.Duration]() {
		return snake(f.Name) + "_ns"
	}
	return snake(f.Name)
}

// snake returns a Go name in snake case: PerRequest per_request, OOMKills oom_kills, P99
// p99, CPUs cpus, NumGC num_gc.
func snake(name string) string {
	name = strings.TrimSuffix(strings.Replace(name+"|", "CPUs|", "Cpus", 1), "|")
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		afterLower := i > 0 && !unicode.IsUpper(runes[i-1])
		beforeLower := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (afterLower || beforeLower) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// carry copies src into dst, of which one type is keyed from the other. Its error names
// a number that JSON does not have.
func carry(dst, src reflect.Value) error {
	switch {
	case dst.Type() == src.Type() && dst.Kind() != reflect.Float64:
		dst.Set(src)
	case dst.Kind() == reflect.Struct:
		return carryFields(dst, src)
	case dst.Kind() == reflect.Slice && src.IsNil():
		return nil
	case dst.Kind() == reflect.Slice:
		dst.Set(reflect.MakeSlice(dst.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			if err := carry(dst.Index(i), src.Index(i)); err != nil {
				return fmt.Errorf("[%d]%w", i, err)
			}
		}
	default:
		if f := src.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf(" is %v, which JSON cannot hold", f)
		}
		dst.Set(src)
	}
	return nil
}

// carryFields copies the fields that both have: the keyed type has only those recorded.
func carryFields(dst, src reflect.Value) error {
	fields := dst.Type()
	if src.NumField() < dst.NumField() {
		fields = src.Type()
	}
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if err := carry(dst.FieldByName(name), src.FieldByName(name)); err != nil {
			return fmt.Errorf(".%s%w", name, err)
		}
	}
	return nil
}
