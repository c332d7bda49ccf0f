package report

import (
	_ "embed"
	"encoding/json"
	"reflect"
	"time"

	"github.com/memgate/memgate/profile"
	"github.com/memgate/memgate/profile/leak"
)

// JSONSchema is the JSON Schema (draft 2020-12) of what [Record.JSON] writes.
//
//go:embed record.schema.json
var JSONSchema string

// schemaOfRecord is made from the types that are written, so that it cannot tell
// anything else; a test compares it with JSONSchema.
func schemaOfRecord() ([]byte, error) {
	s := schemaOf(recordKeys)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = "https://github.com/memgate/memgate/report/record.schema.json"
	s["title"] = "memgate record"
	s["description"] = "One run of memgate. Keys ending in _ns are nanoseconds, sizes are bytes. Later versions of schema 2 may add keys."
	s["properties"].(map[string]any)["schema"] = map[string]any{"const": Schema}
	s["required"] = required
	return json.MarshalIndent(s, "", "  ")
}

// schemaOf returns the schema of a keyed type.
func schemaOf(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[Outcome]():
		return map[string]any{"enum": outcomes}
	case reflect.TypeFor[leak.Verdict]():
		return map[string]any{"enum": []string{"inconclusive", "steady", "leaking"}}
	case reflect.TypeFor[profile.Series]():
		return schemaOfSeries()
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice:
		return map[string]any{"type": []string{"array", "null"}, "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": []string{"object", "null"}, "additionalProperties": schemaOf(t.Elem())}
	case reflect.Struct:
		return schemaOfStruct(t)
	}
	return map[string]any{}
}

func schemaOfStruct(t reflect.Type) map[string]any {
	properties := map[string]any{}
	for i := range t.NumField() {
		properties[t.Field(i).Tag.Get("json")] = schemaOf(t.Field(i).Type)
	}
	return map[string]any{"type": "object", "properties": properties}
}

// schemaOfSeries returns what profile.Series writes: differences, one array for each figure.
func schemaOfSeries() map[string]any {
	return map[string]any{
		"type":                 "object",
		"description":          "One array for each figure. Each number is the difference from the one before it in its array, the first from 0; null is a sample without the figure.",
		"properties":           map[string]any{"at_ns": map[string]any{"type": "array", "items": map[string]any{"type": "integer", "minimum": 0}}},
		"required":             []string{"at_ns", "requests"},
		"additionalProperties": map[string]any{"type": "array", "items": map[string]any{"type": []string{"integer", "null"}}},
	}
}
