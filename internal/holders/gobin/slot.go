package gobin

import (
	"fmt"
	"strings"
)

// Slot is a word of a value, as the value's type describes it.
type Slot struct {
	Label string // from the value to the word: ".sessions", "[*].Body", "[key]"
	Type  *Type  // what the word, or the group of words it begins, is; nil if not known
	Role  Role

	LabelID int32 // a number for Label
}

// Role is what a word does in its type.
type Role uint8

// The roles of a word.
const (
	Whole     Role = iota // it is a value of the type: a pointer, map, channel, function
	Data                  // the data word of an interface
	Head                  // the first word of an interface: no pointer to the heap
	Backing               // a slice's array
	Text                  // a string's bytes
	Directory             // a map's tables, or its only group
	Groups                // a map table's groups
	Buffer                // a channel's queue
	Skip                  // not to be followed: it leads to neighbours, not to what is held
)

// Leads tells whether the word may hold a pointer that is to be followed.
func (s *Slot) Leads() bool {
	return s.Role != Skip && s.Role != Head && (s.Type == nil || s.Role != Whole || !s.Type.Kind.Scalar())
}

// SlotAt returns the word at an offset in a value of type t.
func (p *Program) SlotAt(t *Type, off uint64) *Slot {
	if (t.Kind == Elements || t.Kind == Array) && t.Elem != nil && t.Elem.Size > 0 {
		off %= t.Elem.Size // all elements are alike
	}
	if s, ok := t.words[off]; ok {
		return s
	}
	s := p.slot(t, off, 0)
	s.LabelID = p.LabelID(s.Label)
	if t.words == nil {
		t.words = map[uint64]*Slot{}
	}
	t.words[off] = &s
	return &s
}

// LabelID returns a number for a text that stays.
func (p *Program) LabelID(label string) int32 {
	id, ok := p.labels[label]
	if !ok {
		id = int32(len(p.texts))
		p.texts = append(p.texts, label)
		p.labels[label] = id
	}
	return id
}

// Label returns the text of that number.
func (p *Program) Label(id int32) string { return p.texts[id] }

const deepestValue = 20 // structs in arrays in structs

func (p *Program) slot(t *Type, off uint64, depth int) Slot {
	t = p.resolve(t)
	if t == nil || depth > deepestValue {
		return Slot{Label: ".?"}
	}
	switch t.Kind {
	case Elements, Array:
		return p.element(t, off, depth)
	case Struct, 0:
		return p.field(t, off, depth)
	case Interface:
		if off == 8 {
			return Slot{Type: t, Role: Data}
		}
		return Slot{Role: Head}
	case Slice:
		return Slot{Type: t, Role: Backing}
	case String:
		return Slot{Type: t, Role: Text}
	case MapHeader:
		return only(off == mapDirectory, Slot{Type: t.Elem, Role: Directory})
	case MapTable:
		return only(off == tableGroups, Slot{Type: t.Elem, Role: Groups})
	case ChanHeader:
		return only(off == chanBuffer, Slot{Label: "[queued]", Type: t.Elem, Role: Buffer})
	}
	return Slot{Type: t}
}

// only returns s if it is wanted, else a word that leads nowhere: who waits at a channel is
// not held by it, and a map's own bookkeeping is no element.
func only(wanted bool, s Slot) Slot {
	if wanted {
		return s
	}
	return Slot{Role: Skip}
}

func (p *Program) element(t *Type, off uint64, depth int) Slot {
	e := p.resolve(t.Elem)
	if e == nil || e.Size == 0 {
		return Slot{Label: "[*]"}
	}
	s := p.slot(e, off%e.Size, depth+1)
	if !t.Inner {
		s.Label = "[*]" + s.Label
	}
	return s
}

func (p *Program) field(t *Type, off uint64, depth int) Slot {
	if t.group && off >= 8 { // a map's group: control bytes, then the slots
		if len(t.Fields) == 2 {
			if slots := p.resolve(t.Fields[1].Type); slots != nil && slots.Elem != nil && slots.Elem.Size > 0 {
				return p.slot(slots.Elem, (off-8)%slots.Elem.Size, depth+1)
			}
		}
	}
	if t.Name == "runtime.sudog" && sudogField(t, off) != "elem" {
		return Slot{Role: Skip}
	}
	for i := len(t.Fields) - 1; i >= 0; i-- {
		f := t.Fields[i]
		if off < f.Offset {
			continue
		}
		ft := p.resolve(f.Type)
		if ft == nil || ft.Size == 0 && ft.Kind == Array {
			continue
		}
		if e := p.atomicPointer(t); e != nil {
			return Slot{Type: e}
		}
		s := p.slot(ft, off-f.Offset, depth+1)
		s.Label = fieldLabel(t, f.Name) + s.Label
		return s
	}
	return Slot{Label: fmt.Sprintf(".+%d", off)}
}

// sudogField returns the name of the field at that offset.
func sudogField(t *Type, off uint64) string {
	for _, f := range t.Fields {
		if f.Offset == off {
			return f.Name
		}
	}
	return "?"
}

// fieldLabel returns ".name", or what a map's slot is called.
func fieldLabel(t *Type, name string) string {
	if t.Trie && (name == "key" || name == "value") {
		return "[" + name + "]"
	}
	if len(t.Fields) == 2 && t.Fields[0].Name == "key" && t.Fields[1].Name == "elem" {
		return map[string]string{"key": "[key]", "elem": "[value]"}[name]
	}
	return "." + name
}

// atomicPointer returns what a sync/atomic.Pointer[T] is in truth: *T. Its own field is an
// unsafe.Pointer; T stands in an array of no length.
func (p *Program) atomicPointer(t *Type) *Type {
	if !strings.HasPrefix(t.Name, "sync/atomic.Pointer[") && !strings.HasPrefix(t.Name, "atomic.Pointer[") {
		return nil
	}
	for _, f := range t.Fields {
		if ft := p.resolve(f.Type); ft != nil && ft.Kind == Array && ft.Elem != nil {
			return ft.Elem
		}
	}
	return nil
}
