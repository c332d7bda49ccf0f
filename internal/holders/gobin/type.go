package gobin

// Kind of a type: those of package reflect, by their numbers, and the insides of maps
// and channels, which no Go program names.
type Kind uint8

// The kinds that matter here.
const (
	Array     Kind = 17
	Chan      Kind = 18
	Func      Kind = 19
	Interface Kind = 20
	Map       Kind = 21
	Pointer   Kind = 22
	Slice     Kind = 23
	String    Kind = 24
	Struct    Kind = 25
	Unsafe    Kind = 26

	MapHeader  Kind = 40 // what a map value points to
	MapTable   Kind = 41 // a table of a large map
	Elements   Kind = 42 // any number of Elem, one after the other: what a slice points to
	ChanHeader Kind = 43 // what a channel value points to
)

// Scalar tells whether a value of that kind holds no pointer.
func (k Kind) Scalar() bool { return k >= 1 && k <= 16 }

// Type is a type of the program.
type Type struct {
	Name   string
	Kind   Kind
	Size   uint64
	Elem   *Type // of pointers, slices, arrays, channels, maps (the value), Elements; the map of a MapHeader
	Key    *Type // of maps
	Group  *Type // of maps: eight keys and values
	Fields []Field

	// Inner marks a map's insides: they belong to the map, and are no step of a path.
	Inner bool

	// Trie marks a node of a sync.Map: all but the first are its insides.
	Trie bool

	group     bool   // eight keys and values of a map
	runtime   uint64 // address of the runtime's description; 0 if there is none or it is not known
	resolved  *Type  // the best form, once it was asked for
	base      *Type  // what DWARF has it defined as
	elements  *Type  // cached
	header    *Type  // cached
	directory *Type  // cached
	words     map[uint64]*Slot
	id        int32
}

// Field of a struct, or of what is like one: what a closure captured.
type Field struct {
	Name   string
	Offset uint64
	Type   *Type
}

// ElementsOf returns an array of t of any length.
func (t *Type) ElementsOf() *Type {
	if t.elements == nil {
		t.elements = &Type{Name: "[]" + t.Name, Kind: Elements, Elem: t, Size: t.Size, Inner: t.Inner}
	}
	return t.elements
}

// HeaderOf returns what a map or channel value of type t points to. It bears the name of t,
// because to a person it is the map or the channel.
func (t *Type) HeaderOf() *Type {
	if t.header == nil {
		kind := MapHeader
		if t.Kind == Chan {
			kind = ChanHeader
		}
		t.header = &Type{Name: t.Name, Kind: kind, Elem: t, Size: mapHeaderSize}
	}
	return t.header
}

// Of the runtime's maps and channels, as of Go 1.24 (internal/runtime/maps: Map, table
// and groupsReference; runtime: hchan).
const (
	mapHeaderSize = 48
	mapTableSize  = 32
	mapDirectory  = 16 // offset of dirPtr; dirLen follows
	tableGroups   = 16 // offset of groups.data
	chanBuffer    = 16 // offset of buf
)

// DirectoryOf returns the array of a large map's tables.
func (t *Type) DirectoryOf() *Type {
	if t.directory == nil {
		table := &Type{Name: t.Name, Kind: MapTable, Elem: t, Size: mapTableSize, Inner: true}
		to := &Type{Kind: Pointer, Size: 8, Elem: table, Inner: true}
		t.directory = &Type{Name: t.Name, Kind: Elements, Elem: to, Size: to.Size, Inner: true}
	}
	return t.directory
}
