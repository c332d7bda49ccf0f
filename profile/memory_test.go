package profile

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestEveryFigureIsAColumn fails when a figure is added to Memory but not to the
// table, or twice.
func TestEveryFigureIsAColumn(t *testing.T) {
	var m Memory
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Name == "Missing" {
			continue
		}
		v.Field(i).SetUint(uint64(i + 1))
	}
	seen := map[uint64]string{}
	for _, c := range columns {
		got, ok := m.Value(c.name)
		assert.True(t, ok)
		assert.NotZero(t, got, c.name)
		assert.Empty(t, seen[got], "%s is the same figure", c.name)
		assert.Same(t, c.at(&m), m.Figure(c.name))
		seen[got] = c.name
	}
	assert.Len(t, seen, v.NumField()-1)
	assert.LessOrEqual(t, len(columns), 64, "Columns has no more bits")
}

func TestMissingIsNotZero(t *testing.T) {
	m := Memory{Anon: 5, Missing: Lacking("swap", "usage")}
	got, ok := m.Value("anon")
	assert.Equal(t, uint64(5), got)
	assert.True(t, ok)
	for _, name := range []string{"swap", "usage", "no such figure", ""} {
		_, ok := m.Value(name)
		assert.False(t, ok, name)
	}
	assert.Nil(t, m.Figure("no such figure"))
}

func TestLacking(t *testing.T) {
	assert.Zero(t, Lacking())
	all := LackingAllBut()
	assert.Equal(t, all, LackingAllBut("anon")|Lacking("anon"))
	assert.Zero(t, LackingAllBut("anon")&Lacking("anon"))
	for _, c := range columns {
		assert.NotZero(t, all&Lacking(c.name), c.name)
	}
	assert.PanicsWithValue(t, `profile: no memory figure is called "ram"`, func() { Lacking("anon", "ram") })
}
