package report

import (
	"reflect"

	"github.com/memgate/memgate/internal/text"
)

// Visible returns r without secrets and with every string fit to be shown: what the target,
// its code and its log put there cannot reverse the text around it, hide in it or drive
// a terminal.
func (r *Record) Visible() *Record {
	v := mappedValue(reflect.ValueOf(*r.masked()), holdsStrings, text.Visible).Interface().(Record)
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
