package profile

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestEveryFigureIsAField fails when a figure is added to Memory but not to the
// table, or twice.
func TestEveryFigureIsAField(t *testing.T) {
	var m Memory
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Name == "Missing" {
			continue
		}
		v.Field(i).SetUint(uint64(i + 1))
	}
	seen := map[uint64]string{}
	for f := range Field(fields) {
		got, ok := m.Value(f)
		assert.True(t, ok)
		assert.NotZero(t, got, f)
		assert.Empty(t, seen[got], "%s is the same figure", f)
		assert.Same(t, fieldTable[f].at(&m), m.Figure(f))
		assert.NotEmpty(t, f.String())
		seen[got] = f.String()
	}
	assert.Len(t, seen, v.NumField()-1)
	assert.LessOrEqual(t, int(fields), 64, "a FieldSet has no more bits")
}

func TestMissingIsNotZero(t *testing.T) {
	m := Memory{Anon: 5, Missing: Fields(Swap, Usage)}
	got, ok := m.Value(Anon)
	assert.Equal(t, uint64(5), got)
	assert.True(t, ok)
	for _, f := range []Field{Swap, Usage, fields, 255} {
		_, ok := m.Value(f)
		assert.False(t, ok, f)
	}
	assert.Nil(t, m.Figure(fields))
}

func TestFieldSets(t *testing.T) {
	assert.Zero(t, Fields())
	all := AllFieldsExcept()
	assert.Equal(t, all, AllFieldsExcept(Anon)|Fields(Anon))
	assert.Zero(t, AllFieldsExcept(Anon)&Fields(Anon))
	for f := range Field(fields) {
		assert.NotZero(t, all&Fields(f), f)
	}
}
